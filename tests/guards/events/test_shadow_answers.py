"""Sums of what challengers answered between two moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.events.log_table import LogTable
from guards.events.shadow_answers import ShadowAnswers
from guards.evidence.pair import Missed
from guards.moments import microseconds
from tests.guards.events.tables import MOMENT, SECOND, TWIN, answered, line, observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_each_challenger_has_its_sums(log: Callable[..., Path]) -> None:
    """Missed documents are offered and not compared; what lies outside is left out."""
    events = [
        observed("a", 0, second=answered("memo", 0.5), twin=answered("letter", 0.25)),
        observed("b", 1, second=answered("letter", 1.0), twin=Missed.TIMEOUT),
        observed("c", 9, second=answered("memo", 0.5)),
    ]
    at = microseconds(MOMENT)
    with LogTable.read([log(*(line(seq, each) for seq, each in enumerate(events, 1)))]) as table:
        second, twin = table.shadow_answers(at, at + 2_000_000)
        assert second == ShadowAnswers(SECOND, 2, 2, 0.5, 0.75, 0.75)
        assert twin == ShadowAnswers(TWIN, 2, 1, 1.0, 0.75, 0.25)
        assert table.shadow_answers(at, at + 2_000_000, "run-1") == (second, twin)
        assert table.shadow_answers(at, at + 2_000_000, "run-2") == ()


def test_a_challenger_that_answered_nothing_has_no_means(log: Callable[..., Path]) -> None:
    """It was offered a document all the same."""
    at = microseconds(MOMENT)
    with LogTable.read([log(line(1, observed("a", 0, second=Missed.ERROR)))]) as table:
        assert table.shadow_answers(at, at + 1) == (ShadowAnswers(SECOND, 1, 0, None, None, None),)

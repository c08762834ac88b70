"""Outcomes that came after the lines of their documents, in logs of services that stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guards.answer import Answer, Observation
from guards.events.comparison_completed import ComparisonCompleted
from guards.events.log_table import LogTable
from guards.events.request_observed import RequestObserved
from guards.evidence.pair import Missed, ShadowOutcome
from tests.guards.events.tables import CHAMPION, SECOND, TWIN, answered, line, observed, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.events.events import Event
    from guards.evidence.pair import ChallengerId, Outcome

OTHER_LABELS = Observation(
    Answer("memo", 0.75, 0.5, 0.8, {"memo": 0.75, "fax": 0.25}), infer_s=0.01, cpu_s=None
)
"""An answer that knows no label of the champion's."""


def told(path: Path) -> list[object]:
    """Return all that the table of a log tells of its pairs."""
    with LogTable.read([path]) as table:
        challengers = table.challengers(CHAMPION)
        return [challengers, *(rows_of(table.pairs(CHAMPION, each)) for each in challengers)]


def completed(
    request_id: str, challenger: ChallengerId, outcome: Outcome, run: str = "run-1"
) -> Event:
    """Return the event of one outcome that came later."""
    shadow = ShadowOutcome.of(answered(), challenger, outcome)
    return ComparisonCompleted(run, request_id, (shadow,))


def written(log: Callable[..., Path], *events: Event) -> list[object]:
    """Return what is told of a log with these events."""
    return told(log(*(line(seq, event) for seq, event in enumerate(events, start=1))))


@pytest.mark.parametrize(
    "outcome",
    [answered("memo", 0.5), OTHER_LABELS, *Missed],
    ids=lambda one: getattr(one, "value", ""),
)
def test_an_outcome_that_came_later_counts_as_one_that_did_not(
    log: Callable[..., Path], outcome: Outcome
) -> None:
    """Whatever it is; the other challenger's stays what it was."""
    twin, another = answered("letter", 0.625), observed("b", 1)

    joined = written(
        log, observed(second=None, twin=twin), another, completed("a", SECOND, outcome)
    )

    assert joined == written(log, observed(second=outcome, twin=twin), another)


def test_what_never_came_was_given_up_with_the_service(log: Callable[..., Path]) -> None:
    """A service that was killed while it stopped has missed what it still awaited."""
    late = completed("a", TWIN, answered("memo", 0.5))

    joined = written(log, observed(second=None, twin=None), late)

    expected = observed(second=Missed.SHUTDOWN, twin=answered("memo", 0.5))
    assert joined == written(log, expected)


def test_outcomes_belong_to_the_run_that_answered(log: Callable[..., Path]) -> None:
    """The same request of another run is another document, and awaits its own."""
    ours, theirs = (
        replace(event, origin_run=run)
        for event, run in ((observed(second=None), "run-1"), (observed(second=None), "run-2"))
        if isinstance(event, RequestObserved)
    )

    joined = written(log, ours, theirs, completed("a", SECOND, Missed.TIMEOUT, "run-2"))

    assert joined == written(log, observed(second=Missed.SHUTDOWN), observed(second=Missed.TIMEOUT))


def test_a_request_that_was_sent_again_has_its_outcomes_in_their_order(
    log: Callable[..., Path],
) -> None:
    """A client that repeated it just before the stop leaves two lines, and two outcomes."""
    first, second = answered("memo", 0.5), answered("letter", 0.75)

    joined = written(
        log,
        *(observed("a", seconds, second=None) for seconds in (0, 1)),
        *(completed("a", SECOND, outcome) for outcome in (first, second)),
    )

    assert joined == written(log, observed("a", 0, second=first), observed("a", 1, second=second))


def test_a_copied_line_is_joined_once(log: Callable[..., Path]) -> None:
    """A log that was merged twice tells the same."""
    lines = [
        line(1, observed(second=None)),
        line(2, completed("a", SECOND, Missed.ERROR)),
    ]

    assert told(log(*lines, *reversed(lines))) == told(log(*lines))


def test_an_outcome_without_its_document_is_no_pair(log: Callable[..., Path]) -> None:
    """The line may be in a file that is gone; nothing is made up for it."""
    late = completed("z", SECOND, answered("memo", 0.5))

    assert written(log, observed(), late) == written(log, observed())

"""Counts of windows between two moments, as whatever is inside of them says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from guards.events.drift_window import DriftWindow
from guards.events.log_table import LogTable
from guards.events.window_parts import parts_of
from guards.moments import microseconds
from tests.guards.events.tables import MOMENT, line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOUR = timedelta(hours=1)
FEATURES = {
    name: {"counts": list(range(200)), "missing": 1, "infinite": 0} for name in ("a", "b", "c")
}
WINDOW = DriftWindow(MOMENT, MOMENT + HOUR, 9, "sha256:ref", {"features": FEATURES}, {})


def test_whole_windows_within_a_period_are_told(log: Callable[..., Path]) -> None:
    """In order, once, with all their parts; one that lacks a part or reaches out is not."""
    later = replace(WINDOW, start=MOMENT + HOUR, end=MOMENT + 2 * HOUR, documents=5)
    torn = replace(WINDOW, start=MOMENT + 2 * HOUR, end=MOMENT + 3 * HOUR)
    first, *others = parts_of(WINDOW, 2_500)
    assert others
    lines = [line(1, later), line(2, first), line(2, first)]
    lines += [line(seq, part) for seq, part in enumerate(others, start=3)]
    lines += [line(9, parts_of(torn, 2_500)[0])]
    with LogTable.read([log(*lines)]) as table:
        at = microseconds(MOMENT)
        hour = microseconds(MOMENT + HOUR) - at
        found = list(table.window_counts(at, at + 3 * hour))
        assert [(each.documents, each.reference) for each in found] == [
            (9, "sha256:ref"),
            (5, "sha256:ref"),
        ]
        assert found[0].features == found[1].features == FEATURES
        assert [each.documents for each in table.window_counts(at + 1, at + 2 * hour)] == [5]
        assert list(table.window_counts(at, at + hour - 1)) == []


@pytest.mark.parametrize(("run", "expected"), [("run-1", 1), ("run-2", 0)])
def test_windows_of_one_run(log: Callable[..., Path], run: str, expected: int) -> None:
    """A period that is a run has the windows of that run."""
    with LogTable.read([log(line(1, WINDOW))]) as table:
        assert len(list(table.window_counts(-(2**62), 2**62, run))) == expected

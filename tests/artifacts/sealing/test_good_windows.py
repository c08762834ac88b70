"""Which windows of logs are taken as good, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from artifacts.sealing.good_windows import GoodPeriod, read_good_windows
from guards.errors import CallError
from tests.good_weeks import MONDAY, Weeks, write_windows
from tests.guards.drift.test_taught import a_reference

if TYPE_CHECKING:
    from pathlib import Path

    from guards.events.drift_window import DriftWindow

REFERENCE = a_reference()
TWO_WEEKS = GoodPeriod(MONDAY, MONDAY + timedelta(days=14))


@pytest.fixture(scope="module")
def windows() -> list[DriftWindow]:
    """Return windows of two hours each, of two weeks."""
    return list(Weeks(REFERENCE, minutes=120, documents={None: 10, "emea": 100}).windows(14))


def test_replicas_in_any_order_are_one_service(tmp_path: Path, windows: list[DriftWindow]) -> None:
    """Several logs, whatever their order, teach the same; a copy of one adds nothing."""
    first = write_windows(tmp_path / "first", windows[::2], run="first")
    second = write_windows(tmp_path / "second", windows[1::2], run="second")

    read = [
        read_good_windows(logs, REFERENCE, TWO_WEEKS)
        for logs in ((first, second), (second, first, second))
    ]

    assert [each.windows for each in read] == [168, 168]
    assert [each.documents for each in read] == [168 * 110] * 2
    assert (read[0].start, read[0].end) == (TWO_WEEKS.start, TWO_WEEKS.end)
    assert read[0].notes == read[1].notes == ()
    assert read[0].learn().reference == read[1].learn().reference


def test_what_is_left_out_is_counted(tmp_path: Path, windows: list[DriftWindow]) -> None:
    """Windows of another reference, of other times, torn, malformed or without a part."""
    part = replace(windows[5], part=1, parts=2)
    other = replace(windows[6], reference="sha256:other")
    later = replace(windows[7], end=TWO_WEEKS.end + timedelta(seconds=1))
    malformed = replace(windows[8], counts={**windows[8].counts, "segments": 3})
    log = write_windows(tmp_path / "log", [*windows, part, other, later, malformed])
    log.write_bytes(log.read_bytes() + b'{"event": "drift.window", \n')

    read = read_good_windows([log], REFERENCE, TWO_WEEKS)

    assert read.windows == 168
    assert read.notes == (
        "left out: 1 windows of the reference sha256:other",
        "left out: 1 windows outside of the period",
        "left out: 1 windows of which a part is missing",
        "left out: 2 windows that are torn or malformed",
    )


def test_long_windows_are_joined(tmp_path: Path, windows: list[DriftWindow]) -> None:
    """A window in several lines is one window."""
    long = replace(windows[0], counts={**windows[0].counts, "labels": {"x": {"y": "z" * 20_000}}})
    log = write_windows(tmp_path / "log", [long, *windows[1:]])

    assert log.read_bytes().count(b'"parts":2') == 2
    assert read_good_windows([log], REFERENCE, TWO_WEEKS).windows == 168


@pytest.mark.parametrize(
    ("chosen", "period", "sentence"),
    [
        (slice(0), TWO_WEEKS, "nor any other window; give the logs of that time"),
        (slice(50), TWO_WEEKS, "reach from 2026-03-02T00:00:00.000000Z to .*, 4.17 days; at least"),
        (
            slice(None),
            GoodPeriod(MONDAY - timedelta(days=20), MONDAY),
            "168 windows lie outside; give another period",
        ),
    ],
)
def test_too_few_windows_are_refused(
    tmp_path: Path,
    windows: list[DriftWindow],
    chosen: slice,
    period: GoodPeriod,
    sentence: str,
) -> None:
    """It is said what was found, what is needed, and what to do."""
    log = write_windows(tmp_path / "log", windows[chosen])

    with pytest.raises(CallError, match=sentence):
        read_good_windows([log], REFERENCE, period)


def test_windows_of_another_reference_are_named(tmp_path: Path, windows: list[DriftWindow]) -> None:
    """Where there are no others, the bundle is not the one that served."""
    others = [replace(window, reference="sha256:other") for window in windows]
    log = write_windows(tmp_path / "log", others)

    with pytest.raises(CallError, match="168 of 'sha256:other' do; give the bundle that served"):
        read_good_windows([log], REFERENCE, TWO_WEEKS)


@pytest.mark.parametrize(
    ("days", "sentence"), [(-1, "FROM is after TO"), (13.9, r"13\.9 days; give at least two weeks")]
)
def test_periods_have_two_weeks(days: float, sentence: str) -> None:
    """Each week is compared with the others."""
    with pytest.raises(CallError, match=sentence):
        GoodPeriod(MONDAY, MONDAY + timedelta(days=days))

"""What a log looks like day by day, or hour by hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from guards.comparison.comparison import compare_logs
from guards.drift.distance import Score
from guards.events.drift_window import DriftWindow
from guards.events.log_table import LogTable
from guards.events.rendering import line_renderer
from guards.evidence.criteria import Policy
from guards.evidence.labels import KnownLabels
from guards.moments import rfc3339
from tests.guards.comparison.logs import START, Seen, observed

if TYPE_CHECKING:
    from pathlib import Path

    from guards.comparison.periods import Period
    from guards.events.events import Event

DAY_S = 86_400


def _periods(path: Path, events: list[Event]) -> tuple[Period, ...]:
    render = line_renderer("replica", "run")
    path.write_bytes(b"".join(render(event, START, seq) for seq, event in enumerate(events, 1)))
    with LogTable.read([path]) as log:
        return compare_logs(log, KnownLabels(), Policy()).challengers[0].periods


def _score(value: float) -> Score:
    return Score("ks", value, js=None, null_band=0.1, enough_data=True, documents=100)


def _window(second: float, value: float, new: dict[str, int], documents: int = 100) -> DriftWindow:
    start = START + timedelta(seconds=second)
    return DriftWindow(
        start=start,
        end=start + timedelta(seconds=60),
        documents=documents,
        reference="sha256:" + "c" * 64,
        counts={"features": {"court": {"counts": [1, 2], "new": new}}},
        scores={"court": _score(value), "pages": _score(0.05)},
    )


@pytest.mark.parametrize(
    ("span_s", "width_s"),
    [(300, 60), (3000, 600), (10_000, 3600), (3 * DAY_S, 6 * 3600), (10 * DAY_S, DAY_S)],
)
def test_the_length_of_a_period_suits_the_log(tmp_path: Path, span_s: int, width_s: int) -> None:
    """From a few minutes to weeks, there are a few periods to look at."""
    documents: list[Event] = [observed(Seen(f"r-{n}", second=n * span_s / 50)) for n in range(51)]

    periods = _periods(tmp_path / "log.jsonl", documents)

    assert {period.end_us - period.start_us for period in periods} == {width_s * 1_000_000}
    assert 2 <= len(periods) <= 15
    assert sum(period.sums.compared for period in periods) == 51


def test_a_period_sums_up_its_answers(tmp_path: Path) -> None:
    """Labels, agreement and confidences are those of its documents alone."""
    quiet: list[Event] = [observed(Seen(f"q-{n}", second=n)) for n in range(10)]
    odd: list[Event] = [
        observed(Seen(f"o-{n}", "invoice", "letter", confidence=(0.9, 0.5), second=2 * DAY_S + n))
        for n in range(4)
    ]

    first, second = _periods(tmp_path / "log.jsonl", quiet + odd)

    assert (first.sums.compared, first.labels) == (10, {"contract": 10})
    assert (second.sums.compared, second.labels) == (4, {"invoice": 4})
    document = second.to_json()
    assert document["agreement"] == 0
    assert document["confidence"]["challenger"] == pytest.approx(0.5, abs=1e-6)
    assert document["from"] <= rfc3339(START + timedelta(seconds=2 * DAY_S)) < document["to"]


def test_a_period_says_what_moved_and_what_is_new(tmp_path: Path) -> None:
    """Features beyond chance are named with their score, categories that are more than rare too."""
    events: list[Event] = [
        observed(Seen("a")),
        observed(Seen("b", second=3 * DAY_S)),
        _window(0, 0.05, {"rare": 1}),
        _window(3 * DAY_S, 0.3, {"EDTX": 30, "typo": 1}),
    ]

    first, second = _periods(tmp_path / "log.jsonl", events)

    assert (first.moved, first.new_categories) == ((), ())
    assert [(name, score.value) for name, score in second.moved] == [("court", 0.3)]
    assert second.new_categories == ("EDTX",)


def test_moments_at_the_ends_of_the_calendar_are_told(tmp_path: Path) -> None:
    """A window of all ages counts in the periods that there are, and the last ends in time."""
    window = _window(0, 0.4, {"X": 50})
    ages = replace(
        window, start=START.replace(year=1), end=START.replace(year=9999, month=12, day=31)
    )
    late = replace(observed(Seen("late")), observed_at=ages.end.replace(hour=23, minute=59))

    first, last = _periods(tmp_path / "log.jsonl", [observed(Seen("first")), ages, late])

    assert first.new_categories == last.new_categories == ("X",)
    assert last.to_json()["to"] == "9999-12-31T23:59:59.999999Z"

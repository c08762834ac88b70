"""What a reference learns from the counts of good windows, and what it cannot learn."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.cells import grouped_cells
from guards.drift.feature_reference import CategoricalReference
from guards.drift.good_counts import GoodCounts
from guards.drift.segment_sketch import segment_rank
from guards.drift.taught import Taught
from tests.good_weeks import MONDAY, Weeks
from tests.guards.drift.test_taught import a_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.drift.good_counts import Lesson
    from guards.events.drift_window import DriftWindow
    from guards.json_types import JsonObject

REFERENCE = a_reference()


def traffic(segment: str | None, hours: float) -> dict[str, Sequence[float]]:
    """Return a share of NDCA with a daily cycle, whose middle is another in emea."""
    share = (0.3 if segment == "emea" else 0.7) + 0.2 * np.sin(2 * np.pi * hours / 24)
    return {"court": [share, 1 - share, 0, 0]}


def learnt(windows: Sequence[DriftWindow]) -> Lesson:
    """Return what these windows teach."""
    counts = GoodCounts(REFERENCE)
    for window in windows:
        counts.add(window.week_minute, window.counts)
    documents = sum(window.documents for window in windows)
    return counts.learn(windows[0].start, windows[-1].end, documents)


@pytest.fixture(scope="module")
def windows() -> list[DriftWindow]:
    """Return windows of an hour each, of two weeks."""
    weeks = Weeks(REFERENCE, traffic, documents={None: 80, "emea": 120})
    return list(weeks.windows(14))


@pytest.fixture(scope="module")
def lesson(windows: list[DriftWindow]) -> Lesson:
    """Return what they teach."""
    return learnt(windows)


def test_hours_are_the_sums_of_the_windows(windows: list[DriftWindow], lesson: Lesson) -> None:
    """Tuesday from ten to eleven, UTC, has the documents of both of its windows."""
    taught = lesson.reference.features["court"].taught
    assert taught is not None
    of_hour = [window.counts["features"]["court"] for window in (windows[34], windows[34 + 168])]
    expected = np.sum([[*each["counts"], each["missing"], each["unknown"]] for each in of_hour], 0)

    assert windows[34].start.strftime("%A %H") == "Tuesday 10"
    assert list(taught.hours[34]) == expected.tolist()
    assert sum(map(sum, taught.hours)) == 14 * 24 * 200
    assert lesson.not_learnt == ()


def test_segments_learn_their_own_shares_over_joined_cells(
    windows: list[DriftWindow], lesson: Lesson
) -> None:
    """The middle of emea's cycle is another, and so are its hours."""
    assert lesson.reference.taught is not None
    assert lesson.reference.taught == Taught(
        MONDAY, windows[-1].end, 14 * 24 * 200, lesson.reference.taught.segments
    )
    (segment,) = lesson.reference.taught.segments.items()
    name, features = segment
    hours = np.array(features["court"].hours)
    assert name == "emea"
    assert features.keys() == {"pages", "court"}
    assert features["pages"].cells == grouped_cells(REFERENCE.features["pages"]).max() + 1
    assert hours.sum() == 14 * 24 * 120
    assert hours.sum(axis=0)[0] / hours.sum() == pytest.approx(0.3, abs=0.01)


def test_the_order_of_windows_is_nothing(windows: list[DriftWindow], lesson: Lesson) -> None:
    """Logs of several replicas are read one after the other."""
    counts = GoodCounts(REFERENCE)
    for window in reversed(windows):
        counts.add(window.week_minute, window.counts)

    again = counts.learn(windows[0].start, windows[-1].end, 14 * 24 * 200)

    assert again.reference == lesson.reference


def test_replicas_add_up(windows: list[DriftWindow], lesson: Lesson) -> None:
    """Two replicas with the same counts are traffic that is twice as dense."""
    twice = learnt([each for window in windows for each in (window, window)]).reference

    for name, feature in lesson.reference.features.items():
        counts, doubled = feature.taught, twice.features[name].taught
        assert counts is not None
        assert doubled is not None
        assert (np.array(doubled.hours) == 2 * np.array(counts.hours)).all()


def test_a_shorter_series_is_not_learnt() -> None:
    """A feature, and a segment, that came a week ago are left as they were, and it is said."""
    weeks = Weeks(REFERENCE, traffic, documents={None: 80, "apac": 120})
    windows = list(weeks.windows(14))
    for window in windows[:180]:
        window.counts["features"]["pages"]["counts"] = [0] * len(
            window.counts["features"]["pages"]["counts"]
        )
        window.counts["segments"]["named"].clear()

    lesson = learnt(windows)

    assert lesson.reference.features["pages"].taught is None
    assert lesson.reference.features["court"].taught is not None
    assert lesson.reference.taught is not None
    assert lesson.reference.taught.segments == {}
    first, second = lesson.not_learnt
    assert first == "pages: less than two weeks of it were counted"
    assert second.startswith("segment apac: less than two weeks of it were counted, or less than")


def test_a_column_of_very_many_categories_is_not_learnt(windows: list[DriftWindow]) -> None:
    """Its counts by minute would fill the memory; the others are learnt beside it."""
    names = [f"judge {number}" for number in range(600)]
    judge = CategoricalReference.of(names, names)
    reference = replace(REFERENCE, features={**REFERENCE.features, "judge": judge}, taught=None)
    counts = GoodCounts(reference)
    seen = {"counts": [1] * 600, "missing": 0, "unknown": 0}
    for window in windows:
        features = {**window.counts["features"], "judge": seen}
        counts.add(window.week_minute, {**window.counts, "features": features})

    lesson = counts.learn(windows[0].start, windows[-1].end, 1)

    assert lesson.not_learnt == ("judge: it has more than 512 cells",)
    assert lesson.reference.features["court"].taught is not None


def test_nothing_is_learnt_of_less_than_two_weeks(windows: list[DriftWindow]) -> None:
    """There is no other week to compare with."""
    with pytest.raises(ValueError, match="at least two good weeks"):
        learnt(windows[:200])


def test_the_segments_with_the_smallest_hashes_are_kept() -> None:
    """Those are the ones that a service counts by themselves, whatever others there are."""
    names = [f"team {number}" for number in range(12)]
    counts = GoodCounts(REFERENCE)
    for first, day in ((0, 0), (4, 0), (0, 13.9), (4, 13.9)):
        weeks = Weeks(REFERENCE, documents=dict.fromkeys(names[first : first + 8], 1_000))
        for window in weeks.windows(0.1, day):
            counts.add(window.week_minute, window.counts)

    taught = counts.learn(MONDAY, MONDAY.replace(day=16), 1).reference.taught

    assert taught is not None
    assert {*taught.segments} == {*sorted(names, key=segment_rank)[:8]}


SPOILT: dict[str, Callable[[JsonObject], object]] = {
    "no features": lambda counts: counts.pop("features"),
    "no segments": lambda counts: counts.pop("segments"),
    "another feature": lambda counts: counts["features"].update(judge=counts["features"]["court"]),
    "a cell too few": lambda counts: counts["features"]["court"]["counts"].pop(),
    "a negative count": lambda counts: counts["features"]["court"].update(missing=-1),
    "a fraction": lambda counts: counts["features"]["court"].update(missing=0.5),
    "too many documents": lambda counts: counts["features"]["court"].update(missing=10**9),
    "a text": lambda counts: counts["features"].update(court="many"),
    "another cell in a segment": lambda counts: counts["segments"]["named"]["emea"]["features"][
        "court"
    ]["counts"].append(1),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_other_counts_are_refused_whole(windows: list[DriftWindow], fault: str) -> None:
    """Of a window that is not what it should be nothing is added."""
    counts = GoodCounts(REFERENCE)
    for window in windows:
        counts.add(window.week_minute, window.counts)
    before = counts.learn(MONDAY, windows[-1].end, 1)
    spoilt = deepcopy(dict(windows[0].counts))
    SPOILT[fault](spoilt)

    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        counts.add(0, spoilt)

    assert counts.learn(MONDAY, windows[-1].end, 1) == before

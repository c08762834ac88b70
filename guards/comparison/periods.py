"""What a log looked like period by period: the answers, new categories, and what moved most."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from guards.evidence.pair_sums import UNIT, PairSums, sums_by_cell
from guards.moments import from_microseconds, microseconds, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from guards.drift.distance import Score
    from guards.events.drift_window import DriftWindow
    from guards.evidence.columns import PairColumns
    from guards.json_types import JsonObject

__all__ = ["Period", "Periods"]

_SECOND_US = 1_000_000
_WIDTHS_US = tuple(seconds * _SECOND_US for seconds in (60, 600, 3600, 6 * 3600))
_DAY_US = 86_400 * _SECOND_US
_LAST_US = microseconds(datetime.max.replace(tzinfo=UTC))
_MAX_PERIODS = 14
_MAX_MOVED = 3
_MIN_NEW_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Period:
    """The compared documents of a period.

    ``labels`` are the champion's, by number of documents. ``moved`` names the features furthest
    beyond what chance does, with their scores in the window where they were furthest.
    """

    start_us: int
    end_us: int
    sums: PairSums
    labels: Mapping[str, int]
    moved: tuple[tuple[str, Score], ...]
    new_categories: tuple[str, ...]

    def confidence(self, *, of_challenger: bool) -> float:
        """Return the mean confidence of a variant."""
        sums = self.sums
        total = sums.challenger_confidence if of_challenger else sums.champion_confidence
        return total / UNIT / sums.compared

    def to_json(self) -> JsonObject:
        """Return the period as plain JSON."""
        return {
            "from": rfc3339(from_microseconds(self.start_us)),
            "to": rfc3339(from_microseconds(self.end_us)),
            "documents": self.sums.compared,
            "labels": dict(self.labels),
            "agreement": self.sums.agreed / self.sums.compared,
            "confidence": {
                "champion": self.confidence(of_challenger=False),
                "challenger": self.confidence(of_challenger=True),
            },
            "moved": [
                {"feature": name, "metric": score.metric, "value": score.value}
                for name, score in self.moved
            ],
            "new_categories": list(self.new_categories),
        }


class Periods:
    """Sums compared documents by minutes, hours or days, whichever gives a readable number."""

    def __init__(self, first_us: int, last_us: int) -> None:
        """Choose the length of a period for documents between two moments."""
        fits = (width for width in _WIDTHS_US if (last_us - first_us) / width <= _MAX_PERIODS)
        self._width_us = next(fits, _DAY_US)
        self._sums: defaultdict[int, dict[str, PairSums]] = defaultdict(dict)

    def update(self, columns: PairColumns) -> None:
        """Add the comparable documents of a batch."""
        columns = columns.rows(columns.comparable)
        numbers = columns.observed_at // self._width_us
        for number in np.unique(numbers).tolist():
            labels = self._sums[number]
            for cell, sums in sums_by_cell(columns.rows(numbers == number)).items():
                labels[cell.label] = labels.get(cell.label, PairSums()) + sums

    def get(self, windows: Iterable[DriftWindow]) -> Iterator[Period]:
        """Yield the periods in order, each with what its windows say of the inputs."""
        of_period: defaultdict[int, list[DriftWindow]] = defaultdict(list)
        numbers = sorted(self._sums)
        for window in windows:
            first, last = (microseconds(at) // self._width_us for at in (window.start, window.end))
            for number in numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]:
                of_period[number].append(window)
        for number, labels in sorted(self._sums.items()):
            sums = sum(labels.values(), PairSums())
            yield Period(
                start_us=number * self._width_us,
                end_us=min((number + 1) * self._width_us, _LAST_US),
                sums=sums,
                labels={label: part.compared for label, part in sorted(labels.items())},
                moved=_moved(of_period[number]),
                new_categories=_new_categories(of_period[number]),
            )


def _moved(windows: Iterable[DriftWindow]) -> tuple[tuple[str, Score], ...]:
    furthest: dict[str, tuple[float, Score]] = {}
    for window in windows:
        for name, score in window.scores.items():
            if score.value is None or not score.enough_data or score.value <= score.null_band:
                continue
            beyond = score.value / max(score.null_band, 1e-9)
            if name not in furthest or beyond > furthest[name][0]:
                furthest[name] = (beyond, score)
    ranked = sorted(furthest.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple((name, score) for name, (_, score) in ranked[:_MAX_MOVED])


def _new_categories(windows: Iterable[DriftWindow]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    documents = 0
    for window in windows:
        documents += window.documents
        for feature in window.counts["features"].values():
            counts.update(feature.get("new", {}))
    return tuple(name for name, count in counts.most_common() if count > _MIN_NEW_SHARE * documents)

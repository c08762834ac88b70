"""Alarms on the features of one variant: what has moved, since when, and what it explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.events import Raised
from guards.drift.alarm.rule import AlarmRule
from guards.drift.attribution import explained_share
from guards.drift.feature_reference import CONFIDENCE_QUANTA, NumericReference
from guards.drift.features import CHAMPION, answer_names
from guards.drift.measures import standard_deviation
from guards.drift.teaching import kind_of, series_of
from guards.sequential.starts import Starts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from guards.drift.alarm.events import Cleared
    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonMapping

    Ints = NDArray[np.int64]

__all__ = ["Moved", "VariantAlarms", "cell_counts"]

_OWN_CONFIDENCE = frozenset(set(answer_names(CHAMPION)) - {f"{CHAMPION}.label"})
"""Of these a change of confidence is no explanation: they are made from it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A feature that was raised, and the share of the change of confidence that it explains.

    That is of the change since the start of the evidence, None where there is none.
    """

    raised: Raised
    explains: float | None


class VariantAlarms:
    """Watches features from one minute to the next; used from one thread."""

    def __init__(self, features: Mapping[str, FeatureReference], watched: int) -> None:
        """Watch ``features``, which share the error with all others of ``watched`` series."""
        self.features = dict(features)
        series = {
            name: series_of(kind_of(each), each.cell_counts, each.taught)
            for name, each in features.items()
        }
        self._rule = AlarmRule(series, watched=watched)
        sizes = [len(feature.cell_counts) for feature in features.values()]
        self._ends = np.cumsum(sizes)
        self._confidence: Starts[np.int64] = Starts(int(sum(sizes)), np.int64)

    @property
    def raised(self) -> Mapping[str, Raised]:
        """The alarms in force, by feature."""
        return self._rule.raised

    def look(
        self, minute: int, hour: int, counted: Mapping[str, JsonMapping]
    ) -> list[Moved | Cleared]:
        """Add what was counted since the last look; return what it raises or clears.

        ``hour`` is the hour of the week.
        """
        self._confidence.push(minute, self._confidences(counted))
        counts = {name: cell_counts(snapshot) for name, snapshot in counted.items()}
        return [
            Moved(event, self._explained(event)) if isinstance(event, Raised) else event
            for event in self._rule.look(minute, counts, hour)
        ]

    def _confidences(self, counted: Mapping[str, JsonMapping]) -> Ints:
        sums = [
            np.array(counted[name]["confidence"], dtype=np.int64)
            if name in counted
            else np.zeros(len(feature.cell_counts), dtype=np.int64)
            for name, feature in self.features.items()
        ]
        return np.concatenate(sums)

    def _explained(self, event: Raised) -> float | None:
        """Return the share of the change of confidence since the start of the evidence."""
        feature, deviation = self.features[event.series], self._deviation()
        if event.series in _OWN_CONFIDENCE or feature.answers is None or deviation is None:
            return None
        index = list(self.features).index(event.series)
        end = int(self._ends[index])
        for start in self._confidence:
            if start.age_minutes == event.minutes:
                confidence = start.sums[end - len(event.counts) : end]
                reference = (
                    np.array(feature.cell_counts, dtype=np.int64),
                    np.array(feature.answers.confidence, dtype=np.int64),
                )
                deviation_quanta = deviation * CONFIDENCE_QUANTA
                return explained_share(reference, (event.counts, confidence), deviation_quanta)
        return None

    def _deviation(self) -> float | None:
        """Return the standard deviation of the champion's confidence on held-out rows."""
        confidence = self.features.get(f"{CHAMPION}.confidence")
        if not isinstance(confidence, NumericReference) or not sum(confidence.counts):
            return None
        sums = {"total": confidence.total, "total_squares": confidence.total_squares}
        return standard_deviation(sums, sum(confidence.counts), confidence.quantum)


def cell_counts(snapshot: JsonMapping) -> Ints:
    """Return the counts of a snapshot, int64 [cells], missing and outside last."""
    outside = snapshot["infinite"] if "infinite" in snapshot else snapshot["unknown"]
    return np.array([*snapshot["counts"], snapshot["missing"], outside], dtype=np.int64)

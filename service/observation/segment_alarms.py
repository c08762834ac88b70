"""The alarms on segments of which good weeks have taught what is usual."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.events import Raised
from guards.drift.alarm.rule import AlarmRule
from guards.drift.alarm.splits import Split
from guards.drift.cells import grouped_cells
from guards.drift.distance import score
from guards.drift.feature_reference import CategoricalReference
from guards.drift.features import CHAMPION, live_features
from guards.drift.harm.gate import Harm, severity_of
from guards.drift.teaching import kind_of, series_of
from guards.events.alarms import AlarmEvidence, DriftAlarm, DriftCleared
from guards.text import listed
from service.observation.alarm_words import cleared_words, share_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from guards.drift.alarm.events import Cleared
    from guards.drift.feature_reference import FeatureReference
    from guards.drift.reference import Reference
    from guards.drift.taught import TaughtCounts
    from guards.json_types import JsonMapping, JsonObject
    from service.observation.champion_counts import Watched

__all__ = ["SegmentAlarms", "segments_not_watched"]


class SegmentAlarms:
    """Watches the features of the taught segments; used from one thread.

    ``in_force`` has the alarms in force by segment and feature, and ``not_watched`` names the
    segments of the latest look that were counted and not taught.
    """

    def __init__(self, watched: Watched) -> None:
        """Watch the segments that the reference was taught."""
        self.in_force: dict[tuple[str, str], DriftAlarm] = {}
        self.not_watched: list[str] = []
        taught = watched.reference.taught
        self._taught = {
            segment: counted
            for segment, features in ({} if taught is None else taught.segments).items()
            if (counted := _counted(live_features(features, CHAMPION), watched))
        }
        self._features = watched.features
        self._rules: dict[str, AlarmRule] = {}
        self._raised_at: dict[tuple[str, str], datetime] = {}

    @property
    def segments(self) -> list[str]:
        """The names of the segments that are watched."""
        return sorted(self._taught)

    @property
    def series(self) -> int:
        """How many series are watched."""
        return sum(map(len, self._taught.values()))

    def status(self) -> JsonObject:
        """Return the names of the segments that are watched, and of those only counted."""
        return {"watched": self.segments, "not_watched": self.not_watched}

    def start(self, watched: int) -> None:
        """Divide the error over all ``watched`` series of the service."""
        for segment, taught in self._taught.items():
            series = {
                name: series_of(kind_of(self._features[name]), [0] * counts.cells, counts)
                for name, counts in taught.items()
            }
            self._rules[segment] = AlarmRule(series, watched=watched)

    def look(
        self, minute: int, hour: int, counted: Mapping[str, JsonMapping], now: datetime
    ) -> list[DriftAlarm | DriftCleared]:
        """Add what was counted of each segment, and return what is raised or cleared."""
        self.not_watched = sorted(counted.keys() - self._rules.keys())
        events: list[DriftAlarm | DriftCleared] = []
        for segment, rule in self._rules.items():
            features = counted.get(segment, {}).get("features", {})
            counts = {
                name: np.array(features[name]["counts"], dtype=np.int64)
                for name in self._taught[segment]
                if name in features
            }
            for found in rule.look(minute, counts, hour):
                if isinstance(found, Raised):
                    events.append(self._raise(segment, found, now))
                else:
                    events.append(self._clear(segment, found, now))
        return events

    def _raise(self, segment: str, raised: Raised, now: datetime) -> DriftAlarm:
        """Return the alarm; windows have no answers by segment that could tell of harm."""
        name = raised.series
        feature = self._features[name]
        alarm = DriftAlarm(
            feature=name,
            segment=segment,
            severity=severity_of(Harm.UNKNOWN),
            harm=Harm.UNKNOWN,
            evidence=AlarmEvidence.of(
                raised.log_evidence, raised.log_threshold, raised.documents, raised.minutes
            ),
            score=_score(self._taught[segment][name], raised.counts),
            explains=None,
            kind=None,
            words=share_words(feature, _over_cells(raised, feature), private=feature.private),
            since=now - timedelta(minutes=raised.minutes),
        )
        self.in_force[segment, name] = alarm
        self._raised_at[segment, name] = now
        return alarm

    def _clear(self, segment: str, cleared: Cleared, now: datetime) -> DriftCleared:
        key = segment, cleared.series
        self.in_force.pop(key, None)
        return DriftCleared(
            cleared.series, segment, self._raised_at.pop(key, now), cleared_words(cleared)
        )


def segments_not_watched(reference: Reference) -> str:
    """Return which segments are counted and raise no alarm, in words."""
    taught = reference.taught
    if taught is None or not taught.segments:
        return "segments, which are counted, until `understudy reference` has taught them"
    return f"segments other than {listed(sorted(taught.segments))}, which are counted"


def _counted(features: Mapping[str, TaughtCounts], watched: Watched) -> dict[str, TaughtCounts]:
    """Return what was taught of the features that segments are counted over."""
    names = watched.counted.keys() - watched.private
    return {name: counts for name, counts in features.items() if name in names}


def _over_cells(raised: Raised, feature: FeatureReference) -> Raised:
    """Return the same with a split of cells in place of joined ones."""
    groups = grouped_cells(feature)
    cells = np.flatnonzero(np.isin(groups, raised.split.cells))
    return replace(raised, split=Split(raised.split.kind, tuple(cells.tolist())))


def _score(taught: TaughtCounts, counts: NDArray[np.int64]) -> JsonObject:
    """Return how far joined cells are from those of the good weeks."""

    def parts(values: NDArray[np.int64]) -> tuple[list[int], int, int]:
        *known, missing, unknown = values.tolist()
        return known, missing, unknown

    known, missing, unknown = parts(np.sum(taught.hours, axis=0, dtype=np.int64))
    categories = tuple(map(str, range(len(known))))
    reference = CategoricalReference(categories, tuple(known), missing, unknown, private=True)
    observed = dict(zip(("counts", "missing", "unknown"), parts(counts), strict=True))
    return score(reference, observed).rounded().to_json()

"""Alarms on how often a challenger disagrees with the champion."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.events import Raised
from guards.drift.alarm.rule import AlarmRule
from guards.drift.alarm.series import SeriesReference
from guards.drift.distance import score
from guards.drift.feature_reference import CategoricalReference
from guards.drift.harm.gate import Harm, Severity
from guards.drift.rounding import share_pair
from guards.events.alarms import AlarmEvidence, DriftAlarm, DriftCleared
from guards.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from guards.drift.alarm.events import Cleared
    from guards.json_types import JsonMapping, JsonObject

    Ints = NDArray[np.int64]

__all__ = ["RUN_IN", "DisagreementAlarms"]

RUN_IN = 2_000
"""Compared documents that are a challenger's reference: no held-out rows were answered by both."""

_CELLS = ("agree", "disagree")


class DisagreementAlarms:
    """Compares a challenger's rate with that of its first documents; used from one thread.

    These are a sample as held-out rows are, whose sampling error is in the test. ``in_force`` has
    the alarms in force by feature.
    """

    def __init__(self, watched: int) -> None:
        """Start without documents; the error is divided over all ``watched`` series."""
        self.in_force: dict[str, DriftAlarm] = {}
        self._watched = watched
        self._first: dict[str, Ints] = {}
        self._rules: dict[str, AlarmRule] = {}
        self._raised_at: dict[str, datetime] = {}

    def look(
        self, minute: int, counted: Mapping[str, JsonMapping], now: datetime
    ) -> list[DriftAlarm | DriftCleared]:
        """Add what windows counted of each challenger; return what is raised or cleared."""
        events: list[DriftAlarm | DriftCleared] = []
        for challenger, of_challenger in counted.items():
            counts, feature = _counts(of_challenger), f"{challenger}.disagreement"
            if challenger not in self._rules:
                self._learn(challenger, feature, counts)
                continue
            for found in self._rules[challenger].look(minute, {feature: counts}):
                if isinstance(found, Raised):
                    events.append(self._raise(challenger, found, now))
                else:
                    events.append(self._clear(challenger, found, now))
        return events

    def _learn(self, challenger: str, feature: str, counts: Ints) -> None:
        first = self._first.get(challenger, 0) + counts
        self._first[challenger] = first
        if first.sum() >= RUN_IN:
            reference = SeriesReference("categorical", first[:2], 0, 0)
            self._rules[challenger] = AlarmRule({feature: reference}, watched=self._watched)

    def _raise(self, challenger: str, raised: Raised, now: datetime) -> DriftAlarm:
        first = self._first[challenger]
        before, after = share_pair(*(c[1] / c.sum() for c in (first, raised.counts)))
        alarm = DriftAlarm(
            feature=raised.series,
            segment=None,
            severity=Severity.NOTICE,
            harm=Harm.UNKNOWN,
            evidence=AlarmEvidence.of(
                raised.log_evidence, raised.log_threshold, raised.documents, raised.minutes
            ),
            score=_score(first, raised.counts),
            explains=None,
            kind=None,
            words=f"{printable(challenger)} disagrees with the champion on {before} → {after}",
            since=now - timedelta(minutes=raised.minutes),
        )
        self.in_force[raised.series] = alarm
        self._raised_at[raised.series] = now
        return alarm

    def _clear(self, challenger: str, cleared: Cleared, now: datetime) -> DriftCleared:
        self.in_force.pop(cleared.series, None)
        words = (
            f"{printable(challenger)} disagrees with the champion as often as in its first "
            f"documents, for {counted(cleared.minutes, 'minute')}"
        )
        raised_at = self._raised_at.pop(cleared.series, now)
        return DriftCleared(cleared.series, None, raised_at, words)


def _counts(of_challenger: JsonMapping) -> Ints:
    """Return the documents with agreement and without, and none missing or outside."""
    pairs = of_challenger["disagreements"]
    agreed = sum(row.get(label, 0) for label, row in pairs.items())
    return np.array([agreed, of_challenger["compared"] - agreed, 0, 0], dtype=np.int64)


def _score(first: Ints, counts: Ints) -> JsonObject:
    reference = CategoricalReference(_CELLS, tuple(first[:2].tolist()), 0, 0, private=False)
    snapshot = {"counts": counts[:2].tolist(), "missing": 0, "unknown": 0}
    return score(reference, snapshot).rounded().to_json()

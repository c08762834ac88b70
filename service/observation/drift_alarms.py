"""The drift alarms of one replica: raised, judged for harm, cleared, and those in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from guards.drift.distance import score
from guards.drift.features import ANSWER_FEATURES
from guards.drift.harm.gate import Harm, Severity, severity_of
from guards.drift.harm.kind import Kind, kind_of_shift
from guards.drift.sketch import merge
from guards.events.alarms import AlarmEvidence, DriftAlarm, DriftCleared
from service.observation.alarm_words import alarm_words, cleared_words
from service.observation.champion_harm import ChampionHarm
from service.observation.variant_alarms import Moved, VariantAlarms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.alarm.events import Cleared
    from guards.drift.feature_reference import FeatureReference
    from guards.events.events import DriftWindow
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject
    from service.observation.champion_counts import Watched
    from service.observation.recent_windows import RecentWindows

    Event = DriftAlarm | DriftCleared

__all__ = ["DriftAlarms"]

_MINUTE_S = 60.0
_CHAMPION = ""
"""The variant whose features are the champion's, and the inputs."""


class DriftAlarms:
    """Looks at the windows of one replica once a minute; used from one thread.

    ``in_force`` has the alarms in force by feature, and ``harm`` judges them. The error is divided
    over ``series``.
    """

    def __init__(self, watched: Watched, challengers: int, recent: RecentWindows) -> None:
        """Start without documents.

        So many ``challengers`` will announce themselves. ``recent`` has what windows counted.
        """
        self.in_force: dict[str, DriftAlarm] = {}
        self.series = len(watched.counted) + challengers * len(ANSWER_FEATURES)
        self._watched = watched
        self._recent = recent
        self.harm = ChampionHarm(watched)
        self._variants = {_CHAMPION: VariantAlarms(watched.counted, self.series)}
        self._waiting: dict[str, JsonObject] = {}
        self._raised_at: dict[str, datetime] = {}
        self._started_s: float | None = None
        self._looked = -1

    @property
    def waiting(self) -> bool:
        """Whether there are windows that were not looked at yet."""
        return bool(self._waiting)

    def watch(self, challenger: ChallengerId, features: Mapping[str, FeatureReference]) -> None:
        """Watch the answers of a challenger from now on, unless it is watched already."""
        self._variants.setdefault(str(challenger), VariantAlarms(features, self.series))

    def look(self, window: DriftWindow | None, now_s: float) -> list[Event]:
        """Add a window, if there is one, and return what is raised or cleared.

        ``now_s`` is that of a monotonic clock. Windows that end within a minute are looked at
        together once it is over: a look at each would be more looks than the error is divided by.
        """
        if self._started_s is None:
            self._started_s = now_s
        minute = int((now_s - self._started_s) / _MINUTE_S)
        for key, part in ({} if window is None else _by_variant(window)).items():
            self._waiting[key] = merge(self._waiting.get(key, {}), part)
        if minute <= self._looked or not self._waiting:
            return []
        self._looked = minute
        waiting, self._waiting = self._waiting, {}
        now = datetime.now(UTC)
        self.harm.push(minute, waiting[_CHAMPION])
        events: list[Event] = []
        for key, variant in self._variants.items():
            for found in variant.look(minute, waiting.get(key, {}).get("features", {})):
                if isinstance(found, Moved):
                    events.append(self._raise(key, found, now))
                else:
                    events.append(self._clear(found, now))
        return [*events, *self._rejudged()]

    def _raise(self, key: str, moved: Moved, now: datetime) -> DriftAlarm:
        raised = moved.raised
        name = raised.series
        private = name in self._watched.private
        feature = self._variants[key].features[name]
        harm, kind, severity = Harm.UNKNOWN, Kind.UNKNOWN, Severity.NOTICE
        if key == _CHAMPION:
            judgement = self.harm.judge(raised.minutes)
            harm, severity = judgement.harm, severity_of(judgement.harm)
            inputs = {name, *self.in_force} & self._watched.inputs
            kind = kind_of_shift(
                inputs_moved=bool(inputs),
                harm=harm,
                unseen_share=judgement.unseen_share,
                residual_drifted=self.harm.labels.drifted,
            )
        recent = self._recent.snapshot(name)
        alarm = DriftAlarm(
            feature=name,
            segment=None,
            severity=severity,
            harm=harm,
            evidence=AlarmEvidence.of(
                raised.log_evidence, raised.log_threshold, raised.documents, raised.minutes
            ),
            score=score(feature, recent).rounded().to_json(),
            explains=None if moved.explains is None else float(f"{moved.explains:.3g}"),
            kind=None if kind is Kind.UNKNOWN else kind.value,
            words=alarm_words(feature, moved, recent, private=private),
            since=now - timedelta(minutes=raised.minutes),
        )
        self.in_force[name] = alarm
        self._raised_at[name] = now
        return alarm

    def _clear(self, cleared: Cleared, now: datetime) -> DriftCleared:
        self.in_force.pop(cleared.series, None)
        raised_at = self._raised_at.pop(cleared.series, now)
        return DriftCleared(cleared.series, None, raised_at, cleared_words(cleared))

    def _rejudged(self) -> list[Event]:
        """Judge the champion's alarms in force again; return the one to page about.

        Documents after an alarm tell more about harm. One page is enough where harm is shown that
        was not before, whatever the number of features.
        """
        worse = []
        for name, raised in self._variants[_CHAMPION].raised.items():
            alarm = self.in_force[name]
            age = self._looked + 1 - raised.start_minute
            harm = self.harm.judge(_start_age(age), age).harm
            severity = severity_of(harm)
            if harm is Harm.SHOWN and alarm.severity is not Severity.PAGE:
                worse.append(name)
            if alarm.severity is not Severity.PAGE:
                self.in_force[name] = replace(alarm, severity=severity, harm=harm)
        if not worse:
            return []
        strongest = max(worse, key=lambda name: self.in_force[name].evidence.e_value)
        return [self.in_force[strongest]]


def _by_variant(window: DriftWindow) -> dict[str, JsonObject]:
    """Return the counts of a window that alarms look at, by variant."""
    counts = window.counts
    parts = {_CHAMPION: {name: counts[name] for name in ("features", "answers", "unseen")}}
    for key, challenger in counts["challengers"].items():
        parts[key] = {"features": challenger["features"]}
    return parts


def _start_age(minutes: int) -> int:
    """Return the largest age of a start that is sure to be there after so many minutes."""
    return 1 << (minutes.bit_length() - 1)

"""The drift alarms of one replica: raised, judged for harm, cleared, and those in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from guards.drift.features import ANSWER_FEATURES
from guards.drift.harm.gate import Harm, Severity, severity_of
from guards.events.alarms import AlarmEvidence, DriftAlarm, DriftCleared
from service.observation.alarm_words import alarm_words, cleared_words
from service.observation.champion_harm import ChampionHarm
from service.observation.disagreement_alarms import DisagreementAlarms
from service.observation.looks import CHAMPION_COUNTS, Looks
from service.observation.segment_alarms import SegmentAlarms
from service.observation.variant_alarms import Moved, VariantAlarms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.alarm.events import Cleared
    from guards.drift.feature_reference import FeatureReference
    from guards.drift.harm.gate import Judgement
    from guards.events.drift_window import DriftWindow
    from guards.evidence.pair import ChallengerId
    from service.observation.champion_counts import Watched
    from service.observation.recent_windows import RecentWindows

    Event = DriftAlarm | DriftCleared

__all__ = ["DriftAlarms"]


class DriftAlarms:
    """Looks at the windows of one replica once a minute; used from one thread.

    ``in_force`` has the alarms in force by feature, but for those of ``segments`` and
    ``disagreements``, and ``harm`` judges them. The error is divided over ``series``, which are
    those of all.
    """

    def __init__(self, watched: Watched, challengers: int, recent: RecentWindows) -> None:
        """Start without documents.

        So many ``challengers`` will announce themselves. ``recent`` has what windows counted.
        """
        self.in_force: dict[str, DriftAlarm] = {}
        self.segments = SegmentAlarms(watched)
        of_variants = len(watched.counted) + challengers * (len(ANSWER_FEATURES) + 1)
        self.series = of_variants + self.segments.series
        self.segments.start(self.series)
        self.disagreements = DisagreementAlarms(self.series)
        self._watched = watched
        self._recent = recent
        self.harm = ChampionHarm(watched)
        self._variants = {CHAMPION_COUNTS: VariantAlarms(watched.counted, self.series)}
        self._looks = Looks()
        self._raised_at: dict[str, datetime] = {}
        self._looked = -1

    @property
    def waiting(self) -> bool:
        """Whether there are windows that were not looked at yet."""
        return self._looks.waiting

    def watch(self, challenger: ChallengerId, features: Mapping[str, FeatureReference]) -> None:
        """Watch the answers of a challenger from now on, unless it is watched already."""
        self._variants.setdefault(str(challenger), VariantAlarms(features, self.series))

    def look(self, window: DriftWindow | None, now_s: float) -> list[Event]:
        """Add a window, if there is one, and return what is raised or cleared.

        ``now_s`` is that of a monotonic clock.
        """
        look = self._looks.add(window, now_s)
        if look is None:
            return []
        self._looked, now = look.minute, datetime.now(UTC)
        self.harm.push(look.minute, look.champion)
        events: list[Event] = []
        for key, variant in self._variants.items():
            for found in variant.look(look.minute, look.hour, look.features(key)):
                if isinstance(found, Moved):
                    events.append(self._raise(key, found, now))
                else:
                    events.append(self._clear(found, now))
        segments = look.champion["segments"]["named"]
        events += self.segments.look(look.minute, look.hour, segments, now)
        events += self.disagreements.look(look.minute, look.challengers, now)
        return [*events, *self._rejudged()]

    def _raise(self, key: str, moved: Moved, now: datetime) -> DriftAlarm:
        raised = moved.raised
        name = raised.series
        private = name in self._watched.private
        feature = self._variants[key].features[name]
        harm, kind, severity = Harm.UNKNOWN, None, Severity.NOTICE
        if key == CHAMPION_COUNTS:
            judgement = self.harm.judge(raised.minutes)
            harm, severity = judgement.harm, severity_of(judgement.harm)
            kind = self._kind(name, judgement)
        score, recent = self._recent.latest(name)
        alarm = DriftAlarm(
            feature=name,
            segment=None,
            severity=severity,
            harm=harm,
            evidence=AlarmEvidence.of(
                raised.log_evidence, raised.log_threshold, raised.documents, raised.minutes
            ),
            score=score.to_json(),
            explains=None if moved.explains is None else float(f"{moved.explains:.3g}"),
            kind=kind,
            words=alarm_words(feature, moved, recent, private=private),
            since=now - timedelta(minutes=raised.minutes),
        )
        self.in_force[name] = alarm
        self._raised_at[name] = now
        return alarm

    def _kind(self, name: str, judgement: Judgement) -> str | None:
        """Return the kind of shift that a feature's alarm tells, in words; None if not known."""
        inputs = {name, *self.in_force} & self._watched.inputs
        return self.harm.kind(judgement, inputs_moved=bool(inputs))

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
        for name, raised in self._variants[CHAMPION_COUNTS].raised.items():
            alarm = self.in_force[name]
            if alarm.severity is Severity.PAGE:
                continue
            age = self._looked + 1 - raised.start_minute
            judgement = self.harm.judge(_start_age(age), age)
            harm, kind = judgement.harm, self._kind(name, judgement)
            if harm is Harm.SHOWN:
                worse.append(name)
            severity = severity_of(harm)
            self.in_force[name] = replace(alarm, severity=severity, harm=harm, kind=kind)
        if not worse:
            return []
        strongest = max(worse, key=lambda name: self.in_force[name].evidence.e_value)
        return [self.in_force[strongest]]


def _start_age(minutes: int) -> int:
    """Return the largest age of a start that is sure to be there after so many minutes."""
    return 1 << (minutes.bit_length() - 1)

"""The alarms of concept drift: answers are right more or less often than their confidence says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from guards.drift.features import CHAMPION
from guards.drift.harm.gate import Harm, Severity, severity_of
from guards.drift.rounding import share_pair
from guards.events.alarms import AlarmEvidence, DriftAlarm, DriftCleared
from guards.evidence.labels import LabelSource
from guards.performance.answer_counts import POOLED
from guards.text import printable

if TYPE_CHECKING:
    from guards.drift.harm.residual import LabelResidual
    from service.observation.champion_harm import ChampionHarm
    from service.observation.label_looks import Looked

__all__ = ["LabelAlarms"]

_HOUR_S, _DAY_S = 3_600.0, 86_400.0
_MAX_LABEL_CHARS = 40


class _Raised(NamedTuple):
    """When an alarm was raised, and since when it has not been shown any more."""

    at: datetime
    at_s: float
    quiet_s: float | None


class LabelAlarms:
    """Raises and clears the alarms of predicted labels; used from one thread.

    ``in_force`` has them by feature. An alarm is cleared once its drift is not shown for an hour,
    and raised again a day after it was raised at the earliest.
    """

    def __init__(self, harm: ChampionHarm) -> None:
        """Start without alarms; ``harm`` has the labelled documents."""
        self.in_force: dict[str, DriftAlarm] = {}
        self._harm = harm
        self._raised: dict[str, _Raised] = {}

    def look(self, now_s: float) -> list[DriftAlarm | DriftCleared]:
        """Return what the labels since the last look raise or clear, by a monotonic clock."""
        events = [
            self._drifted(source, looked, now_s)
            if looked.residual.drifted
            else self._quiet(source, looked, now_s)
            for source, found in self._harm.labels.look(now_s).items()
            for looked in found
        ]
        return [event for event in events if event is not None]

    def _drifted(self, source: LabelSource, looked: Looked, now_s: float) -> DriftAlarm | None:
        feature = _feature(looked.residual.label, source)
        alarm, raised = self.in_force.get(feature), self._raised.get(feature)
        if raised is not None and alarm is not None:
            self._raised[feature] = raised._replace(quiet_s=None)
            # That more were right is no reason not to tell that fewer are.
            if alarm.severity is not Severity.NOTICE or not _fewer_right(looked.residual):
                return None
        elif raised is not None and now_s - raised.at_s < _DAY_S:
            return None
        now = datetime.now(UTC)
        self._raised[feature] = _Raised(now, now_s, None)
        self.in_force[feature] = self._alarm(source, looked, now)
        return self.in_force[feature]

    def _quiet(self, source: LabelSource, looked: Looked, now_s: float) -> DriftCleared | None:
        feature = _feature(looked.residual.label, source)
        if feature not in self.in_force:
            return None
        raised = self._raised[feature]
        quiet_s = now_s if raised.quiet_s is None else raised.quiet_s
        self._raised[feature] = raised._replace(quiet_s=quiet_s)
        if now_s - quiet_s < _HOUR_S:
            return None
        del self.in_force[feature]
        words = f"{_words(source, looked.residual)}; no drift is shown any more"
        return DriftCleared(feature, None, raised.at, words)

    def _alarm(self, source: LabelSource, looked: Looked, now: datetime) -> DriftAlarm:
        residual, minutes = looked
        harm, severity, kind = Harm.UNKNOWN, Severity.NOTICE, None
        if _fewer_right(residual):
            # Of a queue that is labelled in part, those which are wrong more often may come first.
            harm = Harm.SHOWN if source is LabelSource.TRUTH else Harm.UNKNOWN
            severity = severity_of(harm)
            kind = self._harm.kind(self._harm.judge(minutes), inputs_moved=False)
        return DriftAlarm(
            feature=_feature(residual.label, source),
            segment=None,
            severity=severity,
            harm=harm,
            evidence=AlarmEvidence.of(
                residual.log_evidence, residual.log_threshold, residual.labels, minutes
            ),
            score=_score(residual),
            explains=None,
            kind=kind,
            words=_words(source, residual),
            since=now - timedelta(minutes=minutes),
        )


def _fewer_right(residual: LabelResidual) -> bool:
    return residual.residual < residual.reference


def _feature(label: str, source: LabelSource) -> str:
    name = f"{CHAMPION}.right" if label == POOLED else f"{CHAMPION}.right.{label}"
    return f"{name} (drawn)" if source is LabelSource.QUEUE else name


def _words(source: LabelSource, residual: LabelResidual) -> str:
    """Return how many answers were right, and how many should have been."""
    label = "" if residual.label == POOLED else f' "{printable(residual.label, _MAX_LABEL_CHARS)}"'
    right, expected = share_pair(residual.right, residual.expected)
    documents = "labelled" if source is LabelSource.TRUTH else "drawn, weighted"
    return (
        f"answers{label}: {right} right of {residual.labels:,} {documents} documents, "
        f"{expected} to be expected at their confidence"
    )


def _score(residual: LabelResidual) -> dict[str, float | str]:
    values = {
        "value": residual.residual,
        "low": residual.low,
        "high": residual.high,
        "reference": residual.reference,
        "reference_margin": residual.reference_margin,
    }
    return {"metric": "residual", **{name: float(f"{v:.3g}") for name, v in values.items()}}

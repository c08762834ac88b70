"""Tells of drift alarms: in the log, in metrics, to the webhook, and in the status."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from guards.drift.harm.gate import Severity
from guards.events.alarms import DriftAlarm
from service.observation.label_alarms import LabelAlarms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guards.drift.feature_reference import FeatureReference
    from guards.events.alarms import DriftCleared
    from guards.events.drift_window import DriftWindow
    from guards.events.feedback_received import FeedbackReceived
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject
    from service.observation.drift_alarms import DriftAlarms
    from service.observation.feedback import RecentAnswer
    from service.telemetry.log import EventLog
    from service.telemetry.metrics import Metrics
    from service.telemetry.webhook import Webhook

__all__ = ["Alerts"]

_logger = logging.getLogger("bentoml.understudy")

_PROMISE = (
    "at most 0.05 false alarms are expected in any 30 days, over all series of this replica, for "
    "documents that do not depend on each other and a reference that is a sample of good traffic; "
    "0.05 more are of labels that came regardless of the answers, and 0.05 of drawn ones"
)

_REMEMBERED = timedelta(days=1)


class Alerts:
    """Looks at every window, and tells of what it raises or clears; used from one event loop.

    Nothing that fails here fails a request or a flush.
    """

    def __init__(
        self,
        alarms: DriftAlarms,
        log: EventLog,
        metrics: Metrics,
        webhook: Webhook | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell of these alarms; ``clock`` is monotonic, in seconds."""
        self._alarms = alarms
        self._label_alarms = LabelAlarms(alarms.harm)
        self._log = log
        self._metrics = metrics
        self._webhook = webhook
        self._clock = clock
        # The latest alarm of each feature and segment, and when it was last told of. It is raised
        # again a day later at the earliest.
        self._latest: dict[tuple[str, str | None], tuple[datetime, DriftAlarm]] = {}
        self._failed = False
        self._show()

    def watch(self, challenger: ChallengerId, features: Mapping[str, FeatureReference]) -> None:
        """Watch the answers of a challenger from now on."""
        try:
            self._alarms.watch(challenger, features)
        except Exception:
            _logger.exception("the answers of challenger %s are not watched", challenger)

    def look(self, window: DriftWindow | None) -> None:
        """Look at a window that was flushed, and at those before that were not looked at yet.

        Once that has failed, what was counted since the start is no longer known, and nothing is
        looked at any more.
        """
        if self._failed:
            return
        try:
            # Labels first: what they say of the calibration counts in judging the others.
            now_s = self._clock()
            events = [*self._label_alarms.look(now_s), *self._alarms.look(window, now_s)]
        except Exception:
            _logger.exception("the windows are not looked at for alarms any more")
            self._failed = True
            return
        for event in events:
            self._tell(event)
        for alarm in self._in_force():
            key = alarm.feature, alarm.segment
            self._latest[key] = (self._latest[key][0], alarm)
        self._show()

    def labelled(self, label: FeedbackReceived, recent: RecentAnswer) -> bool:
        """Count a labelled document, for the next look; False where it does not count."""
        try:
            return self._alarms.harm.labels.add(label, recent)
        except Exception:
            _logger.exception("a label is not counted")
            return False

    def realised(self) -> JsonObject:
        """Return how well the champion did on the latest labelled documents."""
        return self._alarms.harm.labels.realised()

    def status(self) -> JsonObject:
        """Return the alarms in force, those of the last day, and what is promised of them.

        Those of the last day were raised or cleared in it; each is there as it was last judged.
        ``segments`` are the taught ones, and those of the latest look that are only counted.
        ``watching`` is False where looking failed, ``waiting`` tells whether windows of the last
        minute were not looked at yet, and ``webhook`` counts what became of alerts.
        """
        oldest = datetime.now(UTC) - _REMEMBERED
        return {
            "in_force": [alarm.to_json() for alarm in self._in_force()],
            "last_day": [alarm.to_json() for at, alarm in self._latest.values() if at >= oldest],
            "series": self._alarms.series,
            "segments": self._alarms.segments.status(),
            "promise": _PROMISE,
            "watching": not self._failed,
            "waiting": self._alarms.waiting,
            "webhook": None if self._webhook is None else dict(self._webhook.counts),
        }

    def alarm_of(self, feature: str) -> JsonObject | None:
        """Return the alarm in force of a feature; None without one."""
        alarm = self._alarms.in_force.get(feature)
        return None if alarm is None else alarm.to_json()

    def _in_force(self) -> list[DriftAlarm]:
        alarms = self._alarms
        return [
            *alarms.in_force.values(),
            *alarms.segments.in_force.values(),
            *alarms.disagreements.in_force.values(),
            *self._label_alarms.in_force.values(),
        ]

    def _tell(self, event: DriftAlarm | DriftCleared) -> None:
        self._log.emit(event)
        key = event.feature, event.segment
        alarm = event if isinstance(event, DriftAlarm) else self._latest[key][1]
        self._latest[key] = (datetime.now(UTC), alarm)
        if isinstance(event, DriftAlarm):
            self._metrics.alarms_raised.inc(event.severity)
        if self._webhook is not None:
            self._webhook.send({"event": event.name, **event.to_json()})

    def _show(self) -> None:
        severities = [alarm.severity for alarm in self._in_force()]
        for severity in Severity:
            self._metrics.alarms.set(severities.count(severity), severity)
        for outcome, count in (self._webhook.counts if self._webhook else {}).items():
            self._metrics.alerts.set(count, outcome)

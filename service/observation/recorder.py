"""The observe step: records every answered document in window, counters, metrics and log.

It joins shadow and telemetry, which do not import each other. The champion's answer goes to the
window and to the mirror at once, and its line to the log when ``LineWriter`` says so. What outcomes
and labels say together is judged later.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.drift.features import answer_values, embedding_values, input_values
from guards.events.service_events import BundleRefused
from guards.events.window_parts import parts_of
from guards.evidence.labels import LabelSource
from guards.evidence.pair import Missed
from service.observation.feedback import RecentAnswer
from service.observation.input_counts import EXTRA, InputCounts, input_issues
from service.observation.line_writer import LineWriter
from service.shadow.interface import PendingComparison

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from artifacts.bundle.preprocessing import Encoding
    from guards.answer import Answer, Observation
    from guards.drift.embedding import EmbeddedDocument
    from guards.drift.reference import Reference
    from guards.errors import Finding
    from guards.events.feedback_received import FeedbackReceived
    from guards.evidence.pair import ChallengerId, Outcome
    from guards.schema import CanonicalRow
    from service.documents import Document
    from service.observation.alerts import Alerts
    from service.observation.log_line import LogLines
    from service.observation.verdicts import Verdicts
    from service.observation.windows import Windows
    from service.shadow.mirror import Mirror
    from service.telemetry.log import EventLog
    from service.telemetry.metrics import Metrics

__all__ = ["Recorder", "RecorderParts"]

_logger = logging.getLogger("bentoml.understudy")


@dataclass(frozen=True, slots=True)
class RecorderParts:
    """What a recorder writes to; a window is flushed when it holds ``flush_documents``."""

    windows: Windows
    alerts: Alerts
    mirror: Mirror
    verdicts: Verdicts
    lines: LogLines
    log: EventLog
    metrics: Metrics
    flush_documents: int


class Recorder:
    """Records answers, and as a ``Listener`` outcomes; used from one event loop."""

    def __init__(self, parts: RecorderParts) -> None:
        """Record into these parts."""
        self.windows = parts.windows
        self.alerts = parts.alerts
        self.mirror = parts.mirror
        self.verdicts = parts.verdicts
        self.inputs = InputCounts()
        self.documents = 0
        self.flushed_documents = 0
        self.flushed_s = time.monotonic()
        self._evidence = parts.verdicts.evidence
        self._log = parts.log
        self._metrics = parts.metrics
        self._flush_documents = parts.flush_documents
        self._challengers = tuple(challenger.id for challenger in parts.mirror.challengers)
        self.lines = LineWriter(parts.lines, parts.log, self._challengers)
        self._confidence_sum = 0.0

    @property
    def confidence(self) -> float | None:
        """The champion's mean confidence since the start."""
        return self._confidence_sum / self.documents if self.documents else None

    def answered(
        self,
        document: Document,
        encoding: Encoding,
        observation: Observation,
        embedded: EmbeddedDocument | None = None,
    ) -> None:
        """Record a document whose answer is about to be sent, and where its text lies."""
        answer = observation.answer
        self.documents += 1
        self._confidence_sum += answer.confidence
        self._metrics.documents.inc()
        self._metrics.champion_confidence.observe(answer.confidence)
        if issues := input_issues(document.row):
            self.inputs.update(document.row)
            _count_issues(self._metrics, issues, document.row)
        values, now = _values(document, encoding, embedded, answer), datetime.now(UTC)
        counted = self.windows.observe(values, answer, document.row, document.segment)
        self._evidence.answered(document.request_id, RecentAnswer(answer, now.date(), counted))
        self._offer(PendingComparison(document, encoding, observation, now, values))
        if self.windows.documents >= self._flush_documents:
            self.flush()

    def flush(self) -> None:
        """Write the live window to the log and open the next, unless it is empty."""
        self._evidence.fold()
        self.flushed_s = time.monotonic()
        self.lines.describe_daily()
        try:
            window = self.windows.flush()
        except Exception:
            # A window is no reason to fail a request, or to stop flushing.
            _logger.exception("a window could not be flushed")
            return
        if window is not None:
            self.flushed_documents += window.documents
            for part in parts_of(window):
                self._log.emit(part)
        self.alerts.look(window)

    def write_ahead(self) -> None:
        """Write the window, and the line of every document that was answered."""
        self.lines.write_ahead()
        self.flush()

    def feedback(self, labels: Iterable[FeedbackReceived]) -> int:
        """Record true labels, and return for how many the answer was still in memory."""
        joined = [self._evidence.labelled(label) for label in labels]
        for label in joined:
            self._metrics.labels.inc("matched" if label.answered else "unmatched")
            recent = self._evidence.recent(label.request_id)
            if recent and self.alerts.labelled(label, recent):
                _count_label(self.windows, label, recent)
            self._log.emit(label)
        return sum(label.answered is not None for label in joined)

    async def report(self) -> None:
        """Judge the challengers, and write the decisions that have changed; for after a flush."""
        await self.verdicts.review()
        for event in self.verdicts.changes():
            self._log.emit(event)

    def settled(
        self, challenger: ChallengerId, pending: PendingComparison, outcome: Outcome
    ) -> None:
        """Record the outcome of a challenger."""
        self.mirror.settle(challenger, pending, outcome)
        if isinstance(outcome, Missed):
            self._metrics.shadow_missed.inc(str(challenger), outcome.value)
        else:
            champion = pending.champion.answer
            self._metrics.shadow_compared.inc(str(challenger))
            if outcome.answer.label != champion.label:
                self._metrics.disagreements.inc(str(challenger))
            self.windows.challengers.compare(challenger, champion, outcome.answer)
        self._evidence.settled(challenger, pending, outcome)
        self.lines.settled(challenger, pending)

    def announced(self, challenger: ChallengerId, reference: Reference) -> None:
        """Compare a challenger's answers with its own reference from now on."""
        self.windows.challengers.watch(challenger, reference)
        self.alerts.watch(challenger, self.windows.challengers.features(challenger))

    def refused(self, challenger: ChallengerId, findings: Sequence[Finding]) -> None:
        """Write the refusal of a challenger to the log."""
        self._log.emit(BundleRefused("challenger", str(challenger), tuple(findings)))

    def _offer(self, pending: PendingComparison) -> None:
        if self.mirror.offer(pending):
            for challenger in self._challengers:
                self._metrics.shadow_eligible.inc(str(challenger))
        self.lines.answered(pending)


def _values(
    document: Document, encoding: Encoding, embedded: EmbeddedDocument | None, answer: Answer
) -> tuple[float | str, ...]:
    inputs = input_values(
        document.row,
        encoding.token_ids,
        unknown_tokens=encoding.unknown_tokens,
        truncated=encoding.truncated,
    )
    of_text = () if embedded is None else embedding_values(embedded)
    return (*inputs, *of_text, *answer_values(answer))


def _count_label(windows: Windows, label: FeedbackReceived, recent: RecentAnswer) -> None:
    """Count whether the answer was right; of drawn documents it would need weights."""
    if label.source is LabelSource.TRUTH:
        correct = label.label == recent.answer.label
        windows.label(recent.day.isoformat(), recent.counted, correct=correct)


def _count_issues(
    metrics: Metrics, issues: Iterable[tuple[str, tuple[str, ...]]], row: CanonicalRow
) -> None:
    for kind, names in issues:
        if kind == EXTRA:
            # Clients choose the names of extra features, and each would be a time series.
            metrics.inputs.inc(EXTRA, "", by=len(names) + row.more_extra)
            continue
        for name in names:
            metrics.inputs.inc(kind, name)

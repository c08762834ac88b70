"""The observe step: every answered document into window, books, metrics and log.

It joins shadow and telemetry, which do not know each other: the champion's answer goes to the
window and to the mirror at once, the log line follows when the last challenger is heard.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.drift.features import Answer, input_names, input_values
from service.shadow.comparison import Observation, compare
from service.shadow.mirror import Line, Mirror
from service.telemetry.events import Event
from service.telemetry.inputs import EXTRA, InputCounts, noticed
from service.telemetry.windows import Windows, rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifacts.opening import Bundle
    from artifacts.preprocessing import Encoding
    from guards.schema import CanonicalRow
    from service.documents import Document
    from service.scheduling import Outcome
    from service.settings import Settings
    from service.shadow.challenger import Challenger
    from service.shadow.terms import Hello
    from service.telemetry.log import EventLog
    from service.telemetry.metrics import Metrics

__all__ = ["Observer"]

_REMEMBERED = 10_000
"""Observations kept in memory, so that feedback can name what was answered."""


class Observer:
    """Records what the champion answers and what challengers make of it; used from one loop."""

    def __init__(
        self, run: str, champion: Bundle, settings: Settings, log: EventLog, metrics: Metrics
    ) -> None:
        """Record for this champion; ``run`` is the id of this start."""
        self._run = run
        self._champion = champion.identity
        schema = champion.preprocessing.schema
        self._private = frozenset(schema.private)
        self._reference_fingerprint = champion.reference.fingerprint
        self._capture = settings.capture
        self._flush_documents = settings.flush_documents
        self._log = log
        self._metrics = metrics
        self._remembered: OrderedDict[str, Answer] = OrderedDict()
        self._confidence_sum = 0.0
        self.inputs = InputCounts()
        self.windows = Windows(champion.reference, input_names(schema), self._private)
        self.mirror = Mirror(
            sample=settings.shadow_sample,
            generator=np.random.default_rng(),
            compared=self._compared,
            completed=self._completed,
        )
        self.documents = 0
        self.flushed_documents = 0

    @property
    def confidence(self) -> float | None:
        """The champion's mean confidence since the start."""
        return self._confidence_sum / self.documents if self.documents else None

    def answered(
        self,
        document: Document,
        encoding: Encoding,
        answer: Answer,
        outcome: Outcome,
        preprocess_s: float,
    ) -> None:
        """Record one document that is about to be answered with 200."""
        self.documents += 1
        self._confidence_sum += answer.confidence
        self._metrics.documents.inc()
        self._metrics.champion_confidence.observe(answer.confidence)
        self._count_inputs(document.row)
        self._remember(document.request_id, answer)
        inputs = input_values(
            document.row,
            tokens=encoding.tokens,
            unknown_tokens=encoding.unknown_tokens,
            truncated=encoding.truncated,
        )
        self.windows.observe(inputs, answer, document.row)
        times = {
            "queue_s": outcome.queue_s,
            "preprocess_s": preprocess_s,
            "infer_s": outcome.infer_s,
        }
        self._offer(document, encoding, answer, times)
        if self.windows.documents >= self._flush_documents:
            self.flush()

    def greeted(self, challenger: Challenger, hello: Hello) -> None:
        """Watch a challenger that has said which bundle it runs."""
        self.windows.greet(challenger.key, hello.reference)

    def flush(self) -> None:
        """Write the live window to the log, if it holds anything."""
        flushed = self.windows.flush()
        if flushed is None:
            return
        self.flushed_documents += flushed.documents
        self._log.emit(
            Event.DRIFT_WINDOW,
            window=flushed.bounds(),
            reference=self._reference_fingerprint,
            counts=flushed.counts,
            scores={
                name: {**score.to_json(), "floor": None, "e_value": None}
                for name, score in flushed.scores.items()
            },
        )

    def feedback(self, request_id: str, label: str) -> None:
        """Record a label that came late."""
        answer = self._remembered.get(request_id)
        self._log.emit(
            Event.FEEDBACK_RECEIVED,
            request_id=request_id,
            label=label,
            observation=answer and {"label": answer.label, "confidence": answer.confidence},
        )

    def _offer(
        self, document: Document, encoding: Encoding, answer: Answer, times: Mapping[str, float]
    ) -> None:
        facts = {
            "request_id": document.request_id,
            "observed_at": rfc3339(datetime.now(UTC)),
            "origin_run": self._run,
            "segment": document.segment,
            "champion": {**self._champion, **_answer(answer), **times},
            "tokens": encoding.tokens,
            "truncated": encoding.truncated,
            "unknown": document.row.unknown,
            "missing": document.row.missing,
            "coerced": document.row.coerced,
            "out_of_range": document.row.out_of_range,
        }
        if self.mirror.offer(Line(document, encoding, answer, facts)):
            for challenger in self.mirror.challengers:
                self._metrics.shadow_eligible.inc(challenger.key)

    def _compared(self, challenger: Challenger, line: Line, observation: Observation) -> None:
        if observation.answer is None:
            self._metrics.shadow_missed.inc(challenger.key, str(observation.missed))
            return
        self._metrics.shadow_compared.inc(challenger.key)
        if observation.answer.label != line.champion.label:
            self._metrics.disagreements.inc(challenger.key)
        self.windows.compare(challenger.key, line.champion, observation.answer)

    def _completed(self, line: Line) -> None:
        challengers = [
            _observed(challenger, line.champion, line.observations[challenger.key])
            for challenger in self.mirror.challengers
            if challenger.key in line.observations
        ]
        disagreed = any(entry.get("agree") is False for entry in challengers)
        captured: dict[str, Any] = {}
        if self._capture == "all" or (self._capture == "disagreements" and disagreed):
            captured["document"] = self._captured(line.document)
        self._log.emit(Event.REQUEST_OBSERVED, **line.facts, challengers=challengers, **captured)

    def _captured(self, document: Document) -> dict[str, Any]:
        features = {k: v for k, v in document.features.items() if k not in self._private}
        return {"text": document.text, "features": features}

    def _count_inputs(self, row: CanonicalRow) -> None:
        self.inputs.update(row)
        for kind, names in noticed(row):
            for name in names:
                # Clients choose the names of extra features: each would be a time series.
                self._metrics.inputs.inc(kind, "" if kind == EXTRA else name)

    def _remember(self, request_id: str, answer: Answer) -> None:
        self._remembered[request_id] = answer
        self._remembered.move_to_end(request_id)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "label": answer.label,
        "confidence": answer.confidence,
        "margin": answer.margin,
        "entropy": answer.entropy,
        "probabilities": answer.probabilities,
    }


def _observed(challenger: Challenger, champion: Answer, observation: Observation) -> dict[str, Any]:
    """Give a challenger's part of a log line."""
    entry: dict[str, Any] = {
        "name": challenger.name,
        "version": challenger.version,
        "status": observation.status,
        "reason": None if observation.missed is None else str(observation.missed),
    }
    if observation.answer is None:
        return entry
    comparison = compare(champion, observation.answer)
    return {
        **entry,
        **_answer(observation.answer),
        "infer_s": observation.infer_s,
        "agree": comparison.agree,
        "confidence_delta": comparison.confidence_delta,
        "js_divergence": comparison.js_divergence,
    }

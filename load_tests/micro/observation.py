"""What observing a document costs: ``python -m load_tests.micro.observation``.

Measures on one core, in processor seconds, documents of 20 numeric and 10 categorical columns and
six classes that are prepared before; medians of several repetitions that take turns. Prints a table
and exits with 0: a target that is missed is marked, and no exit code hangs on what a shared machine
measures.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from artifacts.bundle.preprocessing import Encoding
from artifacts.sealing.embedding import EmbeddedRows, random_signs
from artifacts.sealing.reference import build_reference
from guards.answer import Answer, Observation
from guards.bundle.engines import TORCH
from guards.bundle.identity import BundleIdentity
from guards.drift.embedding import (
    COORDINATES,
    DIMENSIONS,
    EMBEDDING_FEATURES,
    MAX_CENTROIDS,
    EmbeddedDocument,
    EmbeddingMap,
)
from guards.drift.features import answer_values, input_names, input_values
from guards.drift.row_batch import RowBatch
from guards.evidence.criteria import Policy
from guards.evidence.pair import ChallengerId
from load_tests.micro.common import LABELS, SCHEMA, in_turns, print_line, sample_rows
from service.documents import Document
from service.observation.alerts import Alerts
from service.observation.feedback import RecentAnswer
from service.observation.log_line import LogLines
from service.observation.recorder import Recorder, RecorderParts
from service.observation.run_evidence import RunEvidence
from service.observation.verdicts import Verdicts
from service.observation.windows import Windows
from service.shadow.interface import PendingComparison
from service.shadow.mirror import Mirror
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.events.events import Event

__all__ = ["main"]

_DOCUMENTS = 2048
_TARGET_US = 25.0
_EMBEDDED_TARGET_US = 40.0
_EVIDENCE_TARGET_US = 15.0
_CHALLENGER = ChallengerId("documents", "2")


@dataclass(frozen=True, slots=True)
class _Sample:
    """A document with everything that is known when it is observed."""

    document: Document
    encoding: Encoding
    probabilities: NDArray[np.float32]
    embedded: EmbeddedDocument

    def observe(self, windows: Windows) -> None:
        """Sum the probabilities up and count the document."""
        row, encoding = self.document.row, self.encoding
        inputs = input_values(
            row,
            encoding.token_ids,
            unknown_tokens=encoding.unknown_tokens,
            truncated=encoding.truncated,
        )
        answer = Answer.of(self.probabilities, LABELS)
        windows.observe((*inputs, *answer_values(answer)), answer, row)

    def record(self, recorder: Recorder, *, embeds: bool) -> None:
        """Do all that the service does once a document is answered."""
        answer = Answer.of(self.probabilities, LABELS)
        observation = Observation(answer, 0.00456, 0.00345, 0.000123, 0.000234)
        embedded = self.embedded if embeds else None
        recorder.answered(self.document, self.encoding, observation, embedded)

    def pending(self) -> PendingComparison:
        """Return the document as a challenger is offered it."""
        observation = Observation(Answer.of(self.probabilities, LABELS), 0.00456, 0.00345)
        return PendingComparison(self.document, self.encoding, observation, datetime.now(UTC))


class _NoLog:
    """Stands for the log where its cost is not to be measured."""

    def emit(self, event: Event, memory_bytes: int = 0) -> None:
        """Take an event."""


def main() -> None:
    """Prepare, measure the parts in turns, print."""
    samples = _samples()
    windows, quiet = _windows(samples), _recorder(samples, cast("EventLog", _NoLog()))
    embedding = _recorder(samples, cast("EventLog", _NoLog()), embeds=True)
    evidence, outcomes = _evidence(samples)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a descriptor is wanted)
        log = EventLog("replica", "run", stdout=nowhere.fileno(), path=None, capacity=_DOCUMENTS)
        loud = _recorder(samples, log)

        def sketch_all() -> None:
            for sample in samples:
                sample.observe(windows)

        def record_and_write() -> None:
            _record_all(samples, loud)
            log.flush(60.0)

        def count_outcomes() -> None:
            for pending, outcome in outcomes:
                evidence.settled(_CHALLENGER, pending, outcome)
            evidence.fold()

        costs_s = in_turns(
            sketch_all,
            partial(_record_all, samples, quiet),
            partial(_record_all, samples, embedding, embeds=True),
            record_and_write,
            count_outcomes,
        )
        log.close(60.0)
    costs_us = [cost_s / _DOCUMENTS * 1e6 for cost_s in costs_s]
    sketch_us, record_us, embedded_us, write_us, count_us = costs_us
    print_line("answer and sketch", sketch_us, "µs")
    name = "observation: the same, counts, metrics, coverage, an event"
    print_line(name, record_us, "µs", at_most=_TARGET_US)
    name = "observation with the five features of an embedding"
    print_line(name, embedded_us, "µs", at_most=_EMBEDDED_TARGET_US)
    print_line("observation and the log line, rendered and written", write_us, "µs")
    name = "evidence: the outcome of one challenger"
    print_line(name, count_us, "µs", at_most=_EVIDENCE_TARGET_US)


def _record_all(samples: Sequence[_Sample], recorder: Recorder, *, embeds: bool = False) -> None:
    for sample in samples:
        sample.record(recorder, embeds=embeds)


def _recorder(samples: Sequence[_Sample], log: EventLog, *, embeds: bool = False) -> Recorder:
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    identity = BundleIdentity("documents", "1", f"sha256:{'0' * 64}")
    windows = _windows(samples, embeds=embeds)
    cells = windows.watched.line_cells("grouped")
    return Recorder(
        RecorderParts(
            windows=windows,
            alerts=Alerts(windows.alarms(0), log, metrics),
            mirror=Mirror([], 1.0, np.random.default_rng(1)),
            verdicts=Verdicts(RunEvidence([]), Policy(), None, metrics),
            lines=LogLines("run", identity, "none", frozenset(), windows.reference, cells),
            log=log,
            metrics=metrics,
            flush_documents=10**9,
        )
    )


def _evidence(
    samples: Sequence[_Sample],
) -> tuple[RunEvidence, list[tuple[PendingComparison, Observation]]]:
    """Return what counts outcomes, and documents with a challenger's observation of each."""
    evidence = RunEvidence([_CHALLENGER])
    pending = [sample.pending() for sample in samples]
    for document in pending:
        counted = RowBatch([]).add((), 0.0, None)
        recent = RecentAnswer(document.champion.answer, document.observed_at.date(), counted)
        evidence.answered(document.document.request_id, recent)
    answers = [document.champion for document in pending]
    return evidence, list(zip(pending, [*answers[1:], answers[0]], strict=True))


def _windows(samples: Sequence[_Sample], *, embeds: bool = False) -> Windows:
    reference = build_reference(
        SCHEMA,
        [sample.encoding for sample in samples],
        np.array([sample.probabilities for sample in samples]),
        np.zeros(len(samples), dtype=np.int64),
        _embedded(samples) if embeds else None,
    )
    return Windows(reference, (*input_names(SCHEMA), *(EMBEDDING_FEATURES if embeds else ())))


def _embedded(samples: Sequence[_Sample]) -> EmbeddedRows:
    projected = np.zeros((len(samples), DIMENSIONS), dtype=np.float32)
    projected[:, :COORDINATES] = [sample.embedded.coordinates for sample in samples]
    centroids = np.zeros((MAX_CENTROIDS, DIMENSIONS), dtype="<f4").tobytes()
    return EmbeddedRows(
        EmbeddingMap(random_signs(DIMENSIONS), centroids, TORCH),
        np.array([sample.embedded.cell for sample in samples]),
        projected,
    )


def _samples() -> list[_Sample]:
    rng = np.random.default_rng(1)
    ids = rng.integers(30_000, size=(1, 128))
    odds = rng.dirichlet(np.ones(len(LABELS)), size=_DOCUMENTS).astype(np.float32)
    cells = rng.integers(MAX_CENTROIDS, size=_DOCUMENTS).tolist()
    coordinates = rng.normal(size=(_DOCUMENTS, COORDINATES)).tolist()
    return [
        _Sample(
            Document(f"d-{index}", None, "", {}, row),
            Encoding(ids, np.zeros(1), row, unknown_tokens=0, truncated=False),
            odds[index],
            EmbeddedDocument(cells[index], tuple(coordinates[index])),
        )
        for index, row in enumerate(sample_rows(_DOCUMENTS))
    ]


if __name__ == "__main__":
    main()

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
from typing import TYPE_CHECKING, cast

import numpy as np

from artifacts.bundle.preprocessing import Encoding
from artifacts.sealing.reference import build_reference
from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.drift.features import input_names, input_values
from guards.events.rendering import line_renderer
from load_tests.micro.common import LABELS, SCHEMA, in_turns, print_line, sample_rows
from service.documents import Document
from service.observation.log_line import LogLines
from service.observation.recorder import Recorder, RecorderParts
from service.observation.windows import Windows
from service.shadow.mirror import Mirror
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.events.events import Event
    from guards.events.rendering import Renderer

__all__ = ["main"]

_DOCUMENTS = 2048
_TARGET_US = 20.0


@dataclass(frozen=True, slots=True)
class _Sample:
    """A document with everything that is known when it is observed."""

    document: Document
    encoding: Encoding
    probabilities: NDArray[np.float32]

    def observe(self, windows: Windows) -> None:
        """Sum the probabilities up and count the document."""
        row, encoding = self.document.row, self.encoding
        inputs = input_values(
            row,
            tokens=encoding.tokens,
            unknown_tokens=encoding.unknown_tokens,
            truncated=encoding.truncated,
        )
        windows.observe(inputs, Answer.of(self.probabilities, LABELS), row)

    def record(self, recorder: Recorder) -> None:
        """Do all that the service does once a document is answered."""
        answer = Answer.of(self.probabilities, LABELS)
        observation = Observation(answer, 0.00456, 0.00345, 0.000123, 0.000234)
        recorder.answered(self.document, self.encoding, observation)


class _NoLog:
    """Stands for the log where its cost is not to be measured, and keeps the last event."""

    event: Event

    def emit(self, event: Event) -> None:
        """Take an event."""
        self.event = event


def main() -> None:
    """Prepare, measure the parts in turns, print."""
    samples = _samples()
    no_log = _NoLog()
    quiet = _recorder(samples, cast("EventLog", no_log))
    windows = _windows(samples)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a descriptor is wanted)
        log = EventLog("replica", "run", stdout=nowhere.fileno(), path=None, capacity=_DOCUMENTS)
        loud, render = _recorder(samples, log), line_renderer("replica", "run")

        def sketch_all() -> None:
            for sample in samples:
                sample.observe(windows)

        def record_all(recorder: Recorder) -> None:
            for sample in samples:
                sample.record(recorder)

        def record_and_write() -> None:
            record_all(loud)
            log.flush(60.0)

        def flush_filled() -> None:
            """Flush what the other parts have observed."""
            samples[0].observe(windows)
            windows.flush()

        costs_s = in_turns(
            sketch_all,
            lambda: record_all(quiet),
            record_and_write,
            lambda: _render_all(render, no_log.event),
            flush_filled,
        )
        log.close(60.0)
    sketch, record, write, rendering, _ = (cost_s / _DOCUMENTS * 1e6 for cost_s in costs_s)
    print_line("answer and sketch", sketch, "µs", at_most=_TARGET_US)
    name = "observation: the same, counts, metrics, coverage, an event"
    print_line(name, record, "µs", at_most=_TARGET_US)
    print_line("observation and the log line, rendered and written", write, "µs")
    print_line("rendering one log line", rendering, "µs")
    name = "flushing a window, for each document at 10,000 a window"
    print_line(name, costs_s[-1] / 10_000 * 1e6, "µs")


def _render_all(render: Renderer, event: Event) -> None:
    for seq in range(_DOCUMENTS):
        render(event, datetime.now(UTC), seq)


def _recorder(samples: Sequence[_Sample], log: EventLog) -> Recorder:
    identity = BundleIdentity("documents", "1", f"sha256:{'0' * 64}")
    return Recorder(
        RecorderParts(
            windows=_windows(samples),
            mirror=Mirror([], 1.0, np.random.default_rng(1)),
            lines=LogLines("run", identity, "none", frozenset()),
            log=log,
            metrics=Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True),
            flush_documents=10**9,
        )
    )


def _windows(samples: Sequence[_Sample]) -> Windows:
    reference = build_reference(
        SCHEMA,
        [sample.encoding for sample in samples],
        np.array([sample.probabilities for sample in samples]),
        np.zeros(len(samples), dtype=np.int64),
    )
    return Windows(reference, input_names(SCHEMA))


def _samples() -> list[_Sample]:
    rng, ids = np.random.default_rng(1), np.zeros((1, 128), dtype=np.int64)
    odds = rng.dirichlet(np.ones(len(LABELS)), size=_DOCUMENTS).astype(np.float32)
    return [
        _Sample(
            Document(f"d-{index}", None, "", {}, row),
            Encoding(ids, np.zeros(1), row, unknown_tokens=0, truncated=False),
            odds[index],
        )
        for index, row in enumerate(sample_rows(_DOCUMENTS))
    ]


if __name__ == "__main__":
    main()

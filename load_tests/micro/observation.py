"""What observing a document costs: ``python -m load_tests.micro.observation``.

Measures on one core, in processor seconds, documents of 20 numeric and 10 categorical columns and
six classes that are prepared before; medians of seven repetitions that take turns. ``--whylogs``
names a Python that has whylogs (``pip install whylogs pandas``), and measures that on the same
rows. Prints a table and exits with 0: a target that is missed is marked, and no exit code hangs on
what a shared machine measures.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
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
from guards.schema import CanonicalRow, CategoricalColumn, NumericColumn, Schema
from service.documents import Document
from service.observation.log_line import LogLines
from service.observation.recorder import Recorder, RecorderParts
from service.observation.windows import Windows
from service.shadow.mirror import Mirror
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from guards.drift.reference import Reference
    from guards.events.events import Event
    from guards.events.rendering import Renderer

__all__ = ["main"]

_REPETITIONS = 7
_DOCUMENTS = 2048
_NUMERIC, _CATEGORICAL, _CATEGORIES = 20, 10, 20
_TARGET_US = 20.0
_LABELS = ("contract", "court_filing", "invoice", "letter", "memo", "report")
_SCHEMA = Schema(
    text=("text",),
    numeric=tuple(NumericColumn(f"number_{index}", -9.0, 9.0) for index in range(_NUMERIC)),
    categorical=tuple(
        CategoricalColumn(f"category_{index}", tuple(f"c{code}" for code in range(_CATEGORIES)))
        for index in range(_CATEGORICAL)
    ),
    labels=_LABELS,
)

_WHYLOGS = """
import json, statistics, sys, time
import pandas
from whylogs.core import DatasetProfile
rows = json.load(sys.stdin)
def cost_us(batches):
    profile, started = DatasetProfile(), time.process_time()
    for batch in batches:
        profile.track(batch)
    return (time.process_time() - started) / len(rows) * 1e6
frames = [pandas.DataFrame(rows[at : at + 256]) for at in range(0, len(rows), 256)]
costs_us = [(cost_us(rows), cost_us(frames)) for _ in range(REPETITIONS)]
print(json.dumps([statistics.median(column) for column in zip(*costs_us)]))
"""
"""Runs in another Python: a row at a time, as a service sees them, and 256 rows at a time."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """A document with everything that is known when it is observed."""

    document: Document
    encoding: Encoding
    probabilities: NDArray[np.float32]


class _NoLog:
    """Stands for the log where its cost is not to be measured, and keeps the last event."""

    event: Event

    def emit(self, event: Event) -> None:
        """Take an event."""
        self.event = event


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.micro.observation")
    parser.add_argument("--whylogs", metavar="PYTHON", help="a Python that has whylogs and pandas")
    call = parser.parse_args(arguments)
    samples = _samples(np.random.default_rng(1))
    for name, cost_us, max_us in _costs(samples):
        missed = "  missed" * (max_us is not None and cost_us > max_us)
        target = "" if max_us is None else f"≤ {max_us:g}{missed}"
        print(f"{name:<62}{cost_us:>10.1f} µs  {target}", flush=True)
    for line in _whylogs(call.whylogs, samples):
        print(line, flush=True)


def _costs(samples: Sequence[_Sample]) -> list[tuple[str, float, float | None]]:
    """Measure each part in turns; the answers are (part, microseconds a document, target)."""
    no_log = _NoLog()
    quiet = _recorder(samples, cast("EventLog", no_log))
    windows = Windows(_reference(samples), input_names(_SCHEMA))
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a descriptor is wanted)
        log = EventLog("replica", "run", stdout=nowhere.fileno(), path=None, capacity=_DOCUMENTS)
        loud, render = _recorder(samples, log), line_renderer("replica", "run")

        def record_and_write() -> None:
            _record_all(loud, samples)
            log.flush(60.0)

        parts: dict[str, tuple[Callable[[], object], float | None]] = {
            "answer and sketch": (lambda: _sketch_all(windows, samples), _TARGET_US),
            "observation: the same, counts, metrics, coverage, an event": (
                lambda: _record_all(quiet, samples),
                _TARGET_US,
            ),
            "observation and the log line, rendered and written": (record_and_write, None),
            "rendering one log line": (lambda: _render_all(render, no_log.event), None),
            "flushing a window, for each document at 10,000 a window": (
                lambda: _flush_filled(windows, samples[0]),
                None,
            ),
        }
        costs = _in_turns([work for work, _ in parts.values()])
        log.close(60.0)
    costs[-1] *= _DOCUMENTS / 10_000
    return [
        (name, cost, max_us) for (name, (_, max_us)), cost in zip(parts.items(), costs, strict=True)
    ]


def _in_turns(works: Sequence[Callable[[], object]]) -> list[float]:
    """Return the median microseconds of each work, for one document of as many as there are."""
    costs: list[list[float]] = [[] for _ in works]
    for _ in range(1 + _REPETITIONS):
        for work, costs_us in zip(works, costs, strict=True):
            started = time.process_time()
            work()
            costs_us.append((time.process_time() - started) / _DOCUMENTS * 1e6)
    # The first turn warms up.
    return [statistics.median(costs_us[1:]) for costs_us in costs]


def _sketch_all(windows: Windows, samples: Sequence[_Sample]) -> None:
    for sample in samples:
        answer = Answer.of(sample.probabilities, _LABELS)
        windows.observe(_inputs(sample), answer, sample.document.row)


def _record_all(recorder: Recorder, samples: Sequence[_Sample]) -> None:
    for sample in samples:
        observation = Observation(
            answer=Answer.of(sample.probabilities, _LABELS),
            infer_s=0.00456,
            cpu_s=0.00345,
            queue_s=0.000123,
            preprocess_s=0.000234,
        )
        recorder.answered(sample.document, sample.encoding, observation)


def _render_all(render: Renderer, event: Event) -> None:
    for seq in range(_DOCUMENTS):
        render(event, datetime.now(UTC), seq)


def _flush_filled(windows: Windows, sample: _Sample) -> None:
    """Flush what the other parts have observed."""
    answer = Answer.of(sample.probabilities, _LABELS)
    windows.observe(_inputs(sample), answer, sample.document.row)
    windows.flush()


def _inputs(sample: _Sample) -> tuple[float | str, ...]:
    return input_values(
        sample.document.row,
        tokens=sample.encoding.tokens,
        unknown_tokens=sample.encoding.unknown_tokens,
        truncated=sample.encoding.truncated,
    )


def _recorder(samples: Sequence[_Sample], log: EventLog) -> Recorder:
    identity = BundleIdentity("documents", "1", f"sha256:{'0' * 64}")
    return Recorder(
        RecorderParts(
            windows=Windows(_reference(samples), input_names(_SCHEMA)),
            mirror=Mirror([], 1.0, np.random.default_rng(1)),
            lines=LogLines("run", identity, "none", frozenset()),
            log=log,
            metrics=Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True),
            flush_documents=10**9,
        )
    )


def _reference(samples: Sequence[_Sample]) -> Reference:
    return build_reference(
        _SCHEMA,
        [sample.encoding for sample in samples],
        np.array([sample.probabilities for sample in samples]),
        np.zeros(len(samples), dtype=np.int64),
    )


def _samples(generator: np.random.Generator) -> list[_Sample]:
    numbers = generator.normal(size=(_DOCUMENTS, _NUMERIC)).tolist()
    categories = generator.integers(_CATEGORIES, size=(_DOCUMENTS, _CATEGORICAL)).tolist()
    probabilities = generator.dirichlet(np.ones(len(_LABELS)), size=_DOCUMENTS).astype(np.float32)
    return [
        _sample(f"d-{index}", numbers[index], categories[index], probabilities[index])
        for index in range(_DOCUMENTS)
    ]


def _sample(
    request_id: str, numbers: list[float], codes: list[int], probabilities: NDArray[np.float32]
) -> _Sample:
    row = CanonicalRow(tuple(numbers), tuple(f"c{code}" for code in codes))
    token_ids = np.zeros((1, 128), dtype=np.int64)
    encoding = Encoding(token_ids, np.zeros(1), row, unknown_tokens=0, truncated=False)
    return _Sample(Document(request_id, None, "", {}, row), encoding, probabilities)


def _whylogs(python: str | None, samples: Sequence[_Sample]) -> list[str]:
    """Measure whylogs in a Python that has it, or say that there is none."""
    names = input_names(_SCHEMA)
    rows = [dict(zip(names, _inputs(sample), strict=True)) for sample in samples[:256]]
    process = subprocess.run(  # noqa: S603 (what the caller named)
        [python or sys.executable, "-c", _WHYLOGS.replace("REPETITIONS", str(_REPETITIONS))],
        input=json.dumps(rows),
        check=False,
        capture_output=True,
        text=True,
    )
    if process.returncode != 0:
        reason = (process.stderr.strip().splitlines() or ["it stopped"])[-1]
        return [f"whylogs: not here ({reason}); --whylogs names a Python that has it"]
    single_us, many_us = json.loads(process.stdout.splitlines()[-1])
    return [
        f"{'whylogs, a row at a time':<62}{single_us:>10.1f} µs",
        f"{'whylogs, 256 rows at a time':<62}{many_us:>10.1f} µs",
    ]


if __name__ == "__main__":
    main()

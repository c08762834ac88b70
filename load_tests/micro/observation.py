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
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from artifacts.preprocessing import Encoding
from artifacts.referencing import build_reference
from guards.drift.features import Answer, input_names, input_values
from guards.schema import CanonicalRow, CategoricalColumn, NumericColumn, Schema
from service.documents import Document
from service.observing import Observer
from service.scheduling import Outcome
from service.settings import Settings
from service.telemetry.events import Event
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics
from service.telemetry.rendering import line_renderer
from service.telemetry.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from guards.drift import Reference

__all__ = ["main"]

_REPETITIONS = 7
_DOCUMENTS = 2048
_NUMERIC, _CATEGORICAL, _CATEGORIES = 20, 10, 20
_TARGET_US = 20.0
_LABELS = ("contract", "court_filing", "invoice", "letter", "memo", "report")
_SCHEMA = Schema(
    text=("text",),
    numeric=tuple(NumericColumn(f"number_{place}", -9.0, 9.0) for place in range(_NUMERIC)),
    categorical=tuple(
        CategoricalColumn(f"category_{place}", tuple(f"c{one}" for one in range(_CATEGORIES)))
        for place in range(_CATEGORICAL)
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
taken = [(cost_us(rows), cost_us(frames)) for _ in range(REPETITIONS)]
print(json.dumps([statistics.median(one) for one in zip(*taken)]))
"""
"""Runs in another Python: a row at a time, as a service sees them, and 256 rows at a time."""


@dataclass(frozen=True, slots=True)
class _Observed:
    """A document with everything that is known when it is observed."""

    document: Document
    encoding: Encoding
    probabilities: NDArray[np.float32]


class _Unlogged:
    """Stands for the log where its cost is not to be measured, and keeps the last event."""

    fields: dict[str, Any]

    def emit(self, _: Event, /, **fields: object) -> None:
        """Take an event."""
        self.fields = fields


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.micro.observation")
    parser.add_argument("--whylogs", metavar="PYTHON", help="a Python that has whylogs and pandas")
    call = parser.parse_args(arguments)
    observed = _documents(np.random.default_rng(1))
    for name, cost_us, most_us in _costs(observed):
        missed = "  missed" * (most_us is not None and cost_us > most_us)
        target = "" if most_us is None else f"≤ {most_us:g}{missed}"
        print(f"{name:<62}{cost_us:>10.1f} µs  {target}", flush=True)
    for line in _whylogs(call.whylogs, observed):
        print(line, flush=True)


def _costs(observed: list[_Observed]) -> list[tuple[str, float, float | None]]:
    """Measure each part in turns; the answers are (part, microseconds a document, target)."""
    unlogged = _Unlogged()
    quiet, windows = _observer(observed, unlogged), _windows(observed)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a descriptor is wanted)
        log = EventLog("replica", "run", stdout=nowhere.fileno(), path=None, capacity=_DOCUMENTS)
        loud, render = _observer(observed, log), line_renderer("replica", "run")

        def observe_and_write() -> None:
            _observe_all(loud, observed)
            log.flush(60.0)

        parts: dict[str, tuple[Callable[[], object], float | None]] = {
            "answer and sketch": (lambda: _sketch_all(windows, observed), _TARGET_US),
            "observation: the same, counts, metrics, books, an event": (
                lambda: _observe_all(quiet, observed),
                _TARGET_US,
            ),
            "observation and the log line, rendered and written": (observe_and_write, None),
            "rendering one log line": (lambda: _render_all(render, unlogged.fields), None),
            "flushing a window, for each document at 10,000 a window": (
                lambda: _flush_filled(windows, observed[0]),
                None,
            ),
        }
        costs = _in_turns([work for work, _ in parts.values()])
        log.close(60.0)
    costs[-1] *= _DOCUMENTS / 10_000
    return [
        (name, cost, most) for (name, (_, most)), cost in zip(parts.items(), costs, strict=True)
    ]


def _in_turns(works: Sequence[Callable[[], object]]) -> list[float]:
    """Give the median microseconds of each work, for one document of as many as there are."""
    costs: list[list[float]] = [[] for _ in works]
    for _ in range(1 + _REPETITIONS):
        for work, taken in zip(works, costs, strict=True):
            started = time.process_time()
            work()
            taken.append((time.process_time() - started) / _DOCUMENTS * 1e6)
    # The first turn warms up.
    return [statistics.median(taken[1:]) for taken in costs]


def _sketch_all(windows: Windows, observed: list[_Observed]) -> None:
    for one in observed:
        answer = Answer.of(one.probabilities, _LABELS)
        windows.observe(_inputs(one), answer, one.document.row)


def _observe_all(observer: Observer, observed: list[_Observed]) -> None:
    for one in observed:
        answer = Answer.of(one.probabilities, _LABELS)
        outcome = Outcome(one.probabilities, queue_s=0.000123, infer_s=0.00456)
        observer.answered(one.document, one.encoding, answer, outcome, 0.000234)


def _render_all(render: Callable[..., bytes], fields: dict[str, Any]) -> None:
    for seq in range(_DOCUMENTS):
        render(Event.REQUEST_OBSERVED, datetime.now(UTC), seq, fields)


def _flush_filled(windows: Windows, one: _Observed) -> None:
    """Flush what the other parts have observed."""
    windows.observe(_inputs(one), Answer.of(one.probabilities, _LABELS), one.document.row)
    windows.flush()


def _inputs(one: _Observed) -> tuple[float | str, ...]:
    return input_values(
        one.document.row,
        tokens=one.encoding.tokens,
        unknown_tokens=one.encoding.unknown_tokens,
        truncated=one.encoding.truncated,
    )


def _windows(observed: list[_Observed]) -> Windows:
    return Windows(_reference(observed), input_names(_SCHEMA))


def _observer(observed: list[_Observed], log: Any) -> Observer:  # noqa: ANN401 (or what stands for it)
    # An observer asks three things of a bundle, and none of its weights.
    bundle: Any = SimpleNamespace(
        identity={"name": "documents", "version": "1", "fingerprint": f"sha256:{'0' * 64}"},
        preprocessing=SimpleNamespace(schema=_SCHEMA),
        reference=_reference(observed),
    )
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    return Observer("run", bundle, Settings(flush_documents=10**9), log, metrics)


def _reference(observed: list[_Observed]) -> Reference:
    return build_reference(
        _SCHEMA,
        [one.encoding for one in observed],
        np.array([one.probabilities for one in observed]),
        np.zeros(len(observed), dtype=np.int64),
    )


def _documents(generator: np.random.Generator) -> list[_Observed]:
    numbers = generator.normal(size=(_DOCUMENTS, _NUMERIC)).tolist()
    categories = generator.integers(_CATEGORIES, size=(_DOCUMENTS, _CATEGORICAL)).tolist()
    probabilities = generator.dirichlet(np.ones(len(_LABELS)), size=_DOCUMENTS).astype(np.float32)
    return [
        _observed(f"d-{place}", numbers[place], categories[place], probabilities[place])
        for place in range(_DOCUMENTS)
    ]


def _observed(
    request_id: str, numbers: list[float], codes: list[int], probabilities: NDArray[np.float32]
) -> _Observed:
    row = CanonicalRow(tuple(numbers), tuple(f"c{code}" for code in codes))
    token_ids = np.zeros((1, 128), dtype=np.int64)
    encoding = Encoding(token_ids, np.zeros(1), row, unknown_tokens=0, truncated=False)
    return _Observed(Document(request_id, None, "", {}, row), encoding, probabilities)


def _whylogs(python: str | None, observed: list[_Observed]) -> list[str]:
    """Measure whylogs in a Python that has it, or say that there is none."""
    names = input_names(_SCHEMA)
    rows = [dict(zip(names, _inputs(one), strict=True)) for one in observed[:256]]
    done = subprocess.run(  # noqa: S603 (what the caller named)
        [python or sys.executable, "-c", _WHYLOGS.replace("REPETITIONS", str(_REPETITIONS))],
        input=json.dumps(rows),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it stopped"])[-1]
        return [f"whylogs: not here ({reason}); --whylogs names a Python that has it"]
    single_us, many_us = json.loads(done.stdout.splitlines()[-1])
    return [
        f"{'whylogs, a row at a time':<62}{single_us:>10.1f} µs",
        f"{'whylogs, 256 rows at a time':<62}{many_us:>10.1f} µs",
    ]


if __name__ == "__main__":
    main()

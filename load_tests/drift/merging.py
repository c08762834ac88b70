"""How long the windows of a day of many replicas take to be read and merged.

Logs of a few replicas are written, with a window of 50 documents a minute, and read again for the
others. Windows are merged as they are read, some at once: in order, and then with the files and
their lines in another order.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.preprocessing import Encoding
from artifacts.sealing.reference import build_reference
from guards.answer import Answer
from guards.drift.features import answer_values, input_names, input_values
from guards.drift.sketch import merge
from guards.events.drift_window import DriftWindow
from guards.events.reading import LogReader
from guards.events.rendering import line_renderer
from guards.events.window_parts import parts_of
from load_tests.drift.streams import DAY
from load_tests.micro.common import LABELS, SCHEMA, print_line, sample_rows
from service.observation.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from guards.json_types import JsonObject

__all__ = ["Merged", "merge_logs", "print_merging", "sample_windows", "write_log"]

_DOCUMENTS = 50
_DISTINCT = 60
_LOGS = 4
_AT_ONCE = 256
_TARGET_S = 20.0
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Merged:
    """The sum of all windows, and the processor seconds that reading and merging took."""

    counts: JsonObject
    windows: int
    reading_s: float
    merging_s: float


def sample_windows(count: int) -> list[DriftWindow]:
    """Return so many windows of 50 documents of 20 numeric and 10 categorical columns."""
    rng = np.random.default_rng(1)
    rows = sample_rows(count * _DOCUMENTS)
    ids = [rng.integers(30_000, size=(1, int(rng.integers(20, 200)))) for _ in rows]
    odds = rng.dirichlet(np.ones(len(LABELS)), size=len(rows)).astype(np.float32)
    encodings = [
        Encoding(tokens, np.zeros(1), row, unknown_tokens=0, truncated=False)
        for tokens, row in zip(ids, rows, strict=True)
    ]
    truth = rng.integers(len(LABELS), size=len(rows))
    windows = Windows(build_reference(SCHEMA, encodings, odds, truth), input_names(SCHEMA))
    flushed = []
    for index, encoding in enumerate(encodings, start=1):
        answer = Answer.of(odds[index - 1], LABELS)
        inputs = input_values(encoding.row, encoding.token_ids, unknown_tokens=0, truncated=False)
        windows.observe((*inputs, *answer_values(answer)), answer, encoding.row)
        window = windows.flush() if index % _DOCUMENTS == 0 else None
        if window is not None:
            flushed.append(window)
    return flushed


def write_log(path: Path, run: str, windows: Sequence[DriftWindow], minutes: int) -> None:
    """Write a window a minute, in parts where it is long; the windows take turns."""
    render = line_renderer(f"replica-{run}", run)
    seq = 0
    with path.open("wb") as file:
        for minute in range(minutes):
            start, end = (_FIRST + timedelta(minutes=minute + after) for after in (0, 1))
            window = replace(windows[minute % len(windows)], start=start, end=end)
            for part in parts_of(window):
                seq += 1
                file.write(render(part, end, seq))


def merge_logs(paths: Iterable[Path]) -> Merged:
    """Read logs one after the other, each as a replica's, and merge their windows meanwhile."""
    started_s = time.process_time()
    total: JsonObject = {}
    count, merging_s = 0, 0.0
    for path in paths:
        windows = _windows(path)
        while some := list(islice(windows, _AT_ONCE)):
            before_s = time.process_time()
            total = merge(total, *(window.counts for window in some))
            merging_s += time.process_time() - before_s
            count += len(some)
    return Merged(total, count, time.process_time() - started_s - merging_s, merging_s)


def print_merging(replicas: int) -> int:
    """Print what a day of so many replicas costs; return whether the order changed the sum."""
    windows = sample_windows(_DISTINCT)
    with TemporaryDirectory() as directory:
        logs = [Path(directory) / f"{number}.log" for number in range(_LOGS)]
        for number, log in enumerate(logs):
            write_log(log, str(number), windows[number:] + windows[:number], DAY)
        paths = [logs[replica % _LOGS] for replica in range(replicas)]
        size = sum(path.stat().st_size for path in paths)
        before = _peak_mib()
        ordered = merge_logs(paths)
        _print_costs("in order", ordered)
        for log in logs:
            _shuffle_lines(log)
        shuffled = merge_logs(reversed(paths))
        _print_costs("shuffled", shuffled)
        print_line("lines that were read, each time", size / 1e9, "GB")
        print_line("memory at most, before", before, "MiB")
        print_line("memory at most, after", _peak_mib(), "MiB")
    return int(ordered.counts != shuffled.counts)


def _windows(path: Path) -> Iterator[DriftWindow]:
    for line in LogReader([path]):
        if isinstance(line.event, DriftWindow):
            yield line.event


def _shuffle_lines(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    order = np.random.default_rng(1).permutation(len(lines)).tolist()
    path.write_bytes(b"".join([lines[index] for index in order]))


def _print_costs(name: str, merged: Merged) -> None:
    print_line(f"{name}: reading {merged.windows:,} windows", merged.reading_s, "s")
    print_line(f"{name}: merging them", merged.merging_s, "s", at_most=_TARGET_S)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

"""Reads event logs: typed lines, and an account of what is torn, double or missing."""

from __future__ import annotations

import gzip
import json
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from guards.errors import CallError, first_line
from guards.events.events import EVENTS, SCHEMA
from guards.events.moments import from_rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from guards.events.events import Event
    from guards.json_types import JsonMapping

__all__ = ["Gap", "LogAccount", "LogLine", "LogReader", "Stamp"]

_MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is read, and counted as torn, in several pieces, so that memory is bounded."""

_UNREADABLE = (OSError, EOFError, zlib.error)
_MALFORMED = (AttributeError, KeyError, OverflowError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and where a line was emitted: the ``seq``-th line of one run of one replica."""

    timestamp: datetime
    schema: int
    replica: str
    run: str
    seq: int

    @classmethod
    def from_json(cls, line: JsonMapping) -> Stamp:
        """Read the stamp of a line; ``KeyError``, ``TypeError`` or ``ValueError`` if malformed."""
        moment = from_rfc3339(line["timestamp"])
        stamp = cls(moment, *(line[name] for name in ("schema", "replica", "run", "seq")))
        texts, numbers = (stamp.replica, stamp.run), (stamp.schema, stamp.seq)
        if not all(isinstance(text, str) for text in texts):
            message = "replica and run of a line are texts"
            raise TypeError(message)
        if not all(type(number) is int and number > 0 for number in numbers):
            message = "schema and seq of a line are whole numbers from 1 on"
            raise ValueError(message)
        return stamp


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log: its stamp, and the event."""

    stamp: Stamp
    event: Event


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines of one run that are missing: those with a ``seq`` from ``first`` to ``last``."""

    replica: str
    run: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LogAccount:
    """What a reader read. Blank lines are not counted.

    Of ``lines``, some were not returned: ``torn`` ones are no whole JSON, ``malformed`` ones lack
    something that every line or this event has, ``duplicates`` have run and ``seq`` of an earlier
    line, and the others are of unknown events or of a newer schema. ``gaps`` reach from the first
    line of a run to the last one that was read, in the order of the runs; torn and malformed lines
    are in them, unless a whole copy of them was read.
    """

    lines: int = 0
    torn: int = 0
    malformed: int = 0
    duplicates: int = 0
    unknown_events: int = 0
    newer_schema: int = 0
    gaps: tuple[Gap, ...] = ()

    @property
    def missing(self) -> int:
        """The number of lines in the gaps."""
        return sum(gap.last - gap.first + 1 for gap in self.gaps)


class LogReader:
    """Reads JSON Lines of any number of replicas and runs, file by file, each from its start.

    Files whose name ends in ``.gz`` are decompressed. Memory depends on the number of runs and
    gaps, not on the number of lines. Iterate over the reader, then ask for the ``account``.

    Iterating raises ``CallError`` where a path cannot be read.
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        """Read these files, in this order."""
        self._paths = tuple(map(Path, paths))
        self._tally = _Tally()

    def __iter__(self) -> Iterator[LogLine]:
        """Yield the lines that are whole, known and new, and start a new account."""
        self._tally = tally = _Tally()
        for path in self._paths:
            for data in _lines(path):
                line = tally.read(data)
                if line is not None:
                    yield line

    @property
    def account(self) -> LogAccount:
        """The account of the latest iteration up to here."""
        return self._tally.account()


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file that are not blank; raises ``CallError``."""
    try:
        with _open(path) as file:
            while line := file.readline(_MAX_LINE_BYTES):
                if not line.isspace():
                    yield line
    except _UNREADABLE as error:
        message = f"the log {path} cannot be read: {type(error).__name__}: {first_line(error)}"
        raise CallError(message) from error


def _open(path: Path) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


class _Tally:
    """Turns the bytes of lines into typed lines, and counts those that are left out."""

    def __init__(self) -> None:
        self._lines = 0
        self._torn = 0
        self._malformed = 0
        self._duplicates = 0
        self._unknown_events = 0
        self._newer_schema = 0
        self._runs: dict[str, tuple[str, _Numbers]] = {}

    def read(self, data: bytes) -> LogLine | None:
        """Return the line; None, and one more in a count, where it is left out."""
        self._lines += 1
        try:
            line = json.loads(data)
        except (ValueError, RecursionError):
            self._torn += 1
            return None
        try:
            return self._read(Stamp.from_json(line), line)
        except _MALFORMED:
            self._malformed += 1
            return None

    def account(self) -> LogAccount:
        """Return the counts, and the gaps of each run."""
        return LogAccount(
            lines=self._lines,
            torn=self._torn,
            malformed=self._malformed,
            duplicates=self._duplicates,
            unknown_events=self._unknown_events,
            newer_schema=self._newer_schema,
            gaps=tuple(
                Gap(replica, run, first, last)
                for run, (replica, numbers) in self._runs.items()
                for first, last in numbers.gaps()
            ),
        )

    def _read(self, stamp: Stamp, line: JsonMapping) -> LogLine | None:
        # A line counts as seen once its event was read: a whole copy may follow a malformed one.
        kind = EVENTS.get(line["event"]) if stamp.schema <= SCHEMA else None
        event = kind.from_json(line) if kind else None
        _, numbers = self._runs.setdefault(stamp.run, (stamp.replica, _Numbers()))
        if not numbers.add(stamp.seq):
            self._duplicates += 1
        elif stamp.schema > SCHEMA:
            self._newer_schema += 1
        elif event is None:
            self._unknown_events += 1
        else:
            return LogLine(stamp, event)
        return None


class _Numbers:
    """A set of whole numbers from 1 on, kept as intervals that neither overlap nor touch."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def add(self, number: int) -> bool:
        """Add a number; return False where it is there already."""
        after = bisect_right(self._firsts, number)
        if after and number <= self._lasts[after - 1]:
            return False
        extends_left = after > 0 and self._lasts[after - 1] == number - 1
        extends_right = after < len(self._firsts) and self._firsts[after] == number + 1
        if extends_left and extends_right:
            self._lasts[after - 1] = self._lasts.pop(after)
            del self._firsts[after]
        elif extends_left:
            self._lasts[after - 1] = number
        elif extends_right:
            self._firsts[after] = number
        else:
            self._firsts.insert(after, number)
            self._lasts.insert(after, number)
        return True

    def gaps(self) -> Iterator[tuple[int, int]]:
        """Yield the intervals between 1 and the largest number that are not in the set."""
        last = 0
        for first, next_last in zip(self._firsts, self._lasts, strict=True):
            if first > last + 1:
                yield last + 1, first - 1
            last = next_last

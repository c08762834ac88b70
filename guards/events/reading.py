"""Reads event logs: typed lines, and an account of what is torn, double or missing."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from guards.events.drift_window import DriftWindow
from guards.events.events import SCHEMA
from guards.events.lines import LogLine, Malformed, Torn, read_line
from guards.events.log_files import LogFile
from guards.events.window_parts import WindowParts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from guards.events.lines import ReadLine
    from guards.events.log_files import BrokenFile
    from guards.json_types import JsonObject

__all__ = ["Gap", "LogAccount", "LogReader"]


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
    something that every line or this event has or have it in another type, ``duplicates`` have run
    and ``seq`` of an earlier line, and the others are of unknown events or of a newer schema.
    ``gaps`` reach from the first line of a run to the last one that was read, in the order of the
    runs; torn and malformed lines are in them, unless a whole copy of them was read. ``broken`` are
    the files whose compression broke, of which the lines before that place were read.
    ``incomplete`` windows lack a part, and were not returned either.
    """

    lines: int = 0
    torn: int = 0
    malformed: int = 0
    duplicates: int = 0
    unknown_events: int = 0
    newer_schema: int = 0
    gaps: tuple[Gap, ...] = ()
    broken: tuple[BrokenFile, ...] = ()
    incomplete: int = 0

    @property
    def missing(self) -> int:
        """The number of lines in the gaps."""
        return sum(gap.last - gap.first + 1 for gap in self.gaps)

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of lines in words, and of windows that lack one, zeros too."""
        return {
            "lines": self.lines,
            "torn": self.torn,
            "malformed": self.malformed,
            "copies of others": self.duplicates,
            "of unknown events": self.unknown_events,
            "of a newer schema": self.newer_schema,
            "missing": self.missing,
            "windows that lack a line": self.incomplete,
        }

    def to_json(self) -> JsonObject:
        """Return the account as plain JSON; ``missing`` lines are in ``gaps`` of a run."""
        return {
            "lines": self.lines,
            "torn": self.torn,
            "malformed": self.malformed,
            "duplicates": self.duplicates,
            "unknown_events": self.unknown_events,
            "newer_schema": self.newer_schema,
            "gaps": len(self.gaps),
            "missing": self.missing,
            "incomplete": self.incomplete,
            "broken": [{"path": str(broken.path), "why": broken.reason} for broken in self.broken],
        }


class LogReader:
    """Reads JSON Lines of any number of replicas and runs, file by file, each from its start.

    Files whose name ends in ``.gz`` or ``.zst`` are decompressed, as far as they can be.
    Memory depends on the number of runs and gaps, not on the number of lines. Iterate over the
    reader, then ask for the ``account``.

    Iterating raises ``CallError`` where a path cannot be read.
    """

    def __init__(
        self,
        paths: Iterable[Path | str],
        event: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        """Read these files, in this order.

        With the name of an ``event`` only lines with that name are read and counted; the others are
        no gaps. ``progress`` is called with the number of bytes, decompressed, of each block.
        """
        self._paths = tuple(map(Path, paths))
        self._named = b"" if event is None else event.encode()
        self._progress = progress
        self._tally = _Tally()

    def __iter__(self) -> Iterator[LogLine]:
        """Yield the lines that are whole, known and new, and start a new account.

        A window in parts is one line, with the stamp of the part that completes it.
        """
        self._tally = tally = _Tally()
        for path in self._paths:
            file = LogFile(path)
            for block in file.blocks():
                for data in block.lines():
                    if self._named in data and (line := tally.read(data)) is not None:
                        yield line
                if self._progress is not None:
                    self._progress(block.size)
            tally.close(file)

    @property
    def account(self) -> LogAccount:
        """The account of the latest iteration up to here."""
        account = self._tally.account()
        return replace(account, gaps=()) if self._named else account


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
        self._broken: list[BrokenFile] = []
        self._windows = WindowParts()

    def read(self, data: bytes) -> LogLine | None:
        """Return the line; None, and one more in a count, where it is left out.

        Blank lines are not counted.
        """
        if data.isspace():
            return None
        self._lines += 1
        try:
            return self._count(read_line(data))
        except Torn:
            self._torn += 1
        except Malformed:
            self._malformed += 1
        return None

    def close(self, file: LogFile) -> None:
        """Note whether a file could be read to its end."""
        if file.broken is not None:
            self._broken.append(file.broken)

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
            broken=tuple(self._broken),
            incomplete=self._windows.incomplete,
        )

    def _count(self, line: ReadLine) -> LogLine | None:
        # A line counts as seen once its event was read: a whole copy may follow a malformed one.
        stamp, event, _ = line
        _, numbers = self._runs.setdefault(stamp.run, (stamp.replica, _Numbers()))
        if not numbers.add(stamp.seq):
            self._duplicates += 1
        elif stamp.schema > SCHEMA:
            self._newer_schema += 1
        elif event is None:
            self._unknown_events += 1
        elif not isinstance(event, DriftWindow):
            return LogLine(stamp, event)
        elif (window := self._windows.add(stamp.run, event)) is not None:
            return LogLine(stamp, window)
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

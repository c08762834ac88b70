"""Reads event logs of any size in bounded memory: their account, and what was observed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from guards.bundle.identity import BundleIdentity
from guards.errors import CallError
from guards.events.awaited_outcomes import join_awaited
from guards.events.captured import CAPTURED
from guards.events.drift_reference import joined_references
from guards.events.line_rows import LineKind
from guards.events.log_account import drop_copies, log_account
from guards.events.log_database import LogDatabase
from guards.events.log_files import LogFile
from guards.events.observed_batches import OBSERVED, observed_columns
from guards.events.pair_batches import PAIRS, pair_columns
from guards.events.replays import BUNDLES, REPLAYED, replayed_columns, set_replays_apart
from guards.events.shadow_answers import SHADOW_ANSWERS, ShadowAnswers, shadow_answers
from guards.events.window_counts import WINDOW_COUNTS, WindowCounts, window_counts
from guards.evidence.labels import LabelSource, TrueLabel
from guards.evidence.pair import ChallengerId
from guards.moments import from_microseconds
from guards.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from types import TracebackType

    from guards.events.alarms import DriftAlarm
    from guards.events.drift_reference import DriftReference
    from guards.events.drift_window import DriftWindow
    from guards.events.log_files import Block
    from guards.events.observed_batches import ObservedColumns
    from guards.events.reading import LogAccount
    from guards.events.replays import ReplayedColumns
    from guards.events.service_events import ServiceStarted
    from guards.evidence.columns import PairColumns

__all__ = ["ChampionSeen", "LogTable", "RaisedAlarm"]


@dataclass(frozen=True, slots=True)
class ChampionSeen:
    """A bundle that answered, how many documents, and when the first and the last of them.

    A document that was sent again counts again.
    """

    identity: BundleIdentity
    documents: int
    first_observed_at: datetime
    last_observed_at: datetime


class RaisedAlarm(NamedTuple):
    """An alarm of a run, and when it was raised, in microseconds since 1970, UTC."""

    run: str
    at_us: int
    alarm: DriftAlarm


class _WatchedFile(LogFile):
    """A log that tells how many bytes of it were read, and whether it holds documents."""

    def __init__(self, path: Path, progress: Callable[[int], object] | None) -> None:
        super().__init__(path)
        self.captured = False
        self._progress = progress

    def blocks(self) -> Iterator[Block]:
        for block in super().blocks():
            self.captured = self.captured or CAPTURED in block
            yield block
            if self._progress is not None:
                self._progress(block.size)


class LogTable:
    """The lines of event logs as tables; use it in a ``with`` block.

    Lines are judged as ``LogReader`` judges them, and ``account`` is the same, but that of a key
    that an object names twice the first counts. ``first_timestamp`` and ``last_timestamp`` are
    those of lines of known events, in UTC. Memory is bounded by about a gigabyte; what does not fit
    is in a temporary directory until the block ends. The order of the files does not matter. The
    tables hold no text: ``captured`` are the files that do, for ``captured_lines``, and ``piped``
    says that pipes did, which give their lines once.
    """

    def __init__(
        self, database: LogDatabase, account: LogAccount, captured: Sequence[Path]
    ) -> None:
        """Use the lines in this database, without copies, of which this is the account."""
        self.account = account
        self.captured = tuple(path for path in captured if path.is_file())
        self.piped = len(self.captured) < len(captured)
        first, last = database.execute(_BOUNDS)[0]
        self.first_timestamp = from_microseconds(first)
        self.last_timestamp = from_microseconds(last)
        self._database = database

    @classmethod
    def read(
        cls, paths: Iterable[Path | str], progress: Callable[[int], object] | None = None
    ) -> Self:
        """Read logs: JSON Lines of any replicas, runs and days; ``.gz`` and ``.zst`` ones too.

        ``progress`` is called with the number of bytes, decompressed, of each block that was read.
        Raises ``CallError`` where a path cannot be read, where a file is not empty and has no
        event, and where all files together have no line of a known event.
        """
        files = [_WatchedFile(Path(path), progress) for path in paths]
        database = LogDatabase()
        try:
            for file in files:
                _read(database, file)
            account = log_account(database, drop_copies(database), files)
            join_awaited(database)
            set_replays_apart(database)
            _require_events(database, files, account)
            return cls(database, account, [file.path for file in files if file.captured])
        except BaseException:
            database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the tables, and remove their files."""
        self._database.close()

    @property
    def champions(self) -> tuple[ChampionSeen, ...]:
        """The bundles that answered; the one that answered last comes last."""
        return tuple(
            ChampionSeen(
                BundleIdentity(*identity), count, from_microseconds(first), from_microseconds(last)
            )
            for *identity, count, first, last in self._database.execute(_CHAMPIONS)
        )

    def challengers(self, champion: BundleIdentity) -> tuple[ChallengerId, ...]:
        """Return who heard what this champion answered, in the order of their ids."""
        rows = self._database.execute(_CHALLENGERS, champion.to_json())
        return tuple(ChallengerId(*row) for row in rows)

    def labels(self, champion: BundleIdentity) -> tuple[str, ...]:
        """Return the labels that this champion knows, whether or not it gave them."""
        return self._database.labels[champion]

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The labels that any champion knows, those of the first one first."""
        return tuple(dict.fromkeys(each for of in self._database.labels.values() for each in of))

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that answered documents, in order."""
        return tuple(run for (run,) in self._database.execute(_RUNS))

    def windows(self) -> Iterator[DriftWindow]:
        """Yield the flushed windows of all replicas in the order of their start."""
        windows, _ = self._database.joined_windows()
        yield from sorted(windows, key=lambda window: window.start)

    @property
    def references(self) -> dict[str, tuple[DriftReference, ...]]:
        """What the cells in the lines of each run are, as far as the log tells it whole."""
        parts: defaultdict[str, list[DriftReference]] = defaultdict(list)
        for (run, *_), part in self._database.references.items():
            parts[run].append(part)
        joined = {run: tuple(joined_references(of_run)) for run, of_run in parts.items()}
        return {run: references for run, references in joined.items() if references}

    @property
    def starts(self) -> dict[str, ServiceStarted]:
        """How the service of each run was started, as far as the log tells it."""
        return self._database.starts

    @property
    def alarms(self) -> tuple[RaisedAlarm, ...]:
        """The alarms in the order of their moments."""
        raised = [RaisedAlarm(run, *told) for (run, _), told in self._database.alarms.items()]
        return tuple(sorted(raised, key=lambda each: (each.at_us, each.run, each.alarm.feature)))

    def observed(self, start_us: int, end_us: int) -> Iterator[ObservedColumns]:
        """Yield the documents that were observed from one moment up to another, in that order.

        Moments are in microseconds since 1970, UTC. Batches have up to 65,536 rows.
        """
        bounds = {"start": start_us, "end": end_us}
        yield from map(observed_columns, self._database.batches(OBSERVED, bounds))

    @property
    def replayed_bundles(self) -> tuple[BundleIdentity, ...]:
        """The bundles that answered the documents of services again, in a replay."""
        return tuple(BundleIdentity(*row) for row in self._database.execute(BUNDLES))

    def replayed(
        self, fingerprint: str, start_us: int, end_us: int, run: str | None = None
    ) -> Iterator[ReplayedColumns]:
        """Yield documents as ``observed`` does, which the bundle of a fingerprint answered again.

        With ``run`` only its documents count.
        A replay that was read without the log that it replays is no replay: its lines are observed.
        """
        bounds = {"start": start_us, "end": end_us, "fingerprint": fingerprint, "run": run}
        yield from map(replayed_columns, self._database.batches(REPLAYED, bounds))

    def pairs(self, champion: BundleIdentity, challenger: ChallengerId) -> Iterator[PairColumns]:
        """Yield all outcomes of a challenger on this champion's documents.

        They come in the order of their observation, in batches of up to 65,536 rows. ``last`` is
        the latest observation of its request by (observed_at, run, seq).
        """
        name, version, ordinal = challenger
        parameters = {
            **champion.to_json(),
            "challenger_name": name,
            "challenger_version": version,
            "ordinal": ordinal,
        }
        yield from map(pair_columns, self._database.batches(PAIRS, parameters))

    def shadow_answers(
        self, start_us: int, end_us: int, run: str | None = None
    ) -> tuple[ShadowAnswers, ...]:
        """Return what challengers answered to documents that were observed between two moments.

        They come in the order of their ids. With ``run`` only its documents count, and a document
        that was sent again counts again. Moments are in microseconds since 1970, UTC.
        """
        bounds = {"start": start_us, "end": end_us, "run": run}
        return tuple(shadow_answers(row) for row in self._database.execute(SHADOW_ANSWERS, bounds))

    def window_counts(
        self, start_us: int, end_us: int, run: str | None = None
    ) -> Iterator[WindowCounts]:
        """Yield what whole windows count that lie between two moments, of all runs or of one.

        Moments are in microseconds since 1970, UTC.
        """
        bounds = {"start": start_us, "end": end_us, "run": run}
        for batch in self._database.batches(WINDOW_COUNTS, bounds, _WINDOW_ROWS):
            yield from window_counts(batch)

    def feedback(self) -> Iterator[TrueLabel]:
        """Yield the labels that came late, in the order in which they came."""
        for batch in self._database.batches(_FEEDBACK):
            for request_id, label, source, stratum, probability, moment in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            ):
                yield TrueLabel(
                    request_id=request_id,
                    label=label,
                    source=LabelSource(source),
                    stratum=stratum,
                    inclusion_probability=probability,
                    labelled_at=from_microseconds(moment),
                )


_WINDOW_ROWS = 2048
"""Windows are long: as many at a time are some megabytes."""

_KNOWN = f"kind in ({LineKind.OBSERVED}, {LineKind.OTHER})"
_BOUNDS = f"select min(moment), max(moment) from lines where {_KNOWN}"  # noqa: S608 (our own names)

_CHAMPIONS = f"""
select name, version, fingerprint, count(*), min(observed_at), max(observed_at)
from lines where kind = {LineKind.OBSERVED}
group by all order by max(observed_at), name, version, fingerprint
"""  # noqa: S608 (our own names)

_RUNS = f"select distinct run from lines where kind = {LineKind.OBSERVED} order by run"  # noqa: S608

_CHALLENGERS = """
select distinct entry.name, entry.version, entry.ordinal
from (
    select unnest(challengers) as entry from lines
    where name = $name and version = $version and fingerprint = $fingerprint
)
order by all
"""

_FEEDBACK = """
select feedback.request_id, label, source, stratum, inclusion_probability,
    coalesce(labelled_at, moment)
from feedback join lines using (position) order by moment, run, seq
"""


def _read(database: LogDatabase, file: LogFile) -> None:
    if database.read(file):
        return
    reason = f" ({file.broken.reason})" if file.broken else ""
    message = (
        f"no line of {printable(str(file.path))} is an event of the log{reason}: "
        "give files that the service wrote with --log-file, or copies of its standard output"
    )
    raise CallError(message)


def _require_events(database: LogDatabase, files: Sequence[LogFile], account: LogAccount) -> None:
    if database.execute(f"select 1 from lines where {_KNOWN} limit 1"):  # noqa: S608 (ours)
        return
    names = listed([str(file.path) for file in files])
    message = f"no events in {names}: give the log of a service that has started"
    if account.newer_schema:
        lines = f"{account.newer_schema} lines of a newer schema"
        message = f"no events in {names}, but {lines}: read it with a newer Understudy"
    raise CallError(message)

"""Logs as they are after crashes, rotations and copies, and what a reader makes of them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.errors import CallError
from guards.events import log_files, reading
from guards.events.events import (
    BundleRefused,
    FeedbackReceived,
)
from guards.events.reading import Gap, LogAccount, LogReader
from guards.events.rendering import line_renderer
from tests.guards.events.strategies import EVENTS_OF_ALL_TYPES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from guards.events.events import Event
    from guards.events.lines import LogLine
    from guards.json_types import JsonObject

MOMENT = datetime(2026, 1, 31, 12, 0, 0, 0, tzinfo=UTC)
EVENT = FeedbackReceived("a-17", "letter", None)
BROKEN: list[JsonObject] = [
    *({name: None} for name in ("timestamp", "schema", "replica", "run", "seq")),
    *({"timestamp": moment} for moment in ("yesterday", 17, "0001-01-01T00:00+23:59")),
    *({"seq": seq} for seq in (0, -1, 1.5, "2", [3])),
    *({"run": run} for run in (7, [7], {"a": 7})),
    {"replica": ["a"]},
    {"schema": "1"},
    {"event": ["a"]},
    {"event": {"a": 7}},
]
"""Fields of a line that are not what they should be; None stands for a field that lacks."""


@dataclass(frozen=True, slots=True)
class LaterEvent:
    """An event of a later version."""

    name: ClassVar[str] = "something.later"

    def to_json(self) -> JsonObject:
        """Return some field."""
        return {"something": "else"}


def line(
    seq: int, event: Event = EVENT, *, run: str = "run-1", replica: str = "replica-1"
) -> bytes:
    """Render one line."""
    return line_renderer(replica, run)(event, MOMENT, seq)


def altered(seq: int, fields: JsonObject) -> bytes:
    """Render a line with other fields, those that are None left out."""
    content = json.loads(line(seq)) | fields
    return json.dumps({k: v for k, v in content.items() if v is not None}).encode() + b"\n"


def read(*paths: Path) -> tuple[list[LogLine], LogAccount]:
    """Read logs to their end."""
    reader = LogReader(paths)
    return list(reader), reader.account


def numbers(lines: Iterable[LogLine]) -> list[int]:
    """Return the ``seq`` of lines."""
    return [line.stamp.seq for line in lines]


def test_lines_come_typed_and_stamped_in_their_order(log: Callable[..., Path]) -> None:
    """An account of a whole log has nothing but its lines."""
    refused = BundleRefused("champion", "bundles/docs/1", ())
    lines, account = read(log(line(1, refused), line(2)))
    assert [line.event for line in lines] == [refused, EVENT]
    stamp = lines[1].stamp
    assert (stamp.timestamp, stamp.schema, stamp.seq) == (MOMENT, 1, 2)
    assert (stamp.replica, stamp.run) == ("replica-1", "run-1")
    assert account == LogAccount(lines=2)
    assert account.missing == 0


@pytest.mark.parametrize(
    "torn",
    [
        line(3)[:40],
        line(3)[:40] + b"\n" + line(4),
        line(3)[:-2] + b"\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
    ],
    ids=["at the end", "in the middle", "one brace", "no text", "nested without end"],
)
def test_a_torn_line_is_counted_and_the_others_are_read(
    log: Callable[..., Path], torn: bytes
) -> None:
    """A line that a kill or a full disk cut off ends no reading."""
    lines, account = read(log(line(1), line(2), torn))
    assert numbers(lines)[:2] == [1, 2]
    assert account.torn == 1
    assert account.malformed == 0


def test_a_torn_line_in_the_middle_leaves_a_gap(log: Callable[..., Path]) -> None:
    """Its number is not known, so that the lines around it tell what is missing."""
    lines, account = read(log(line(1), line(2)[:50], b"\n", line(3)))
    assert numbers(lines) == [1, 3]
    assert account == LogAccount(
        lines=3, torn=1, gaps=(Gap("replica-1", "run-1", first=2, last=2),)
    )


def test_a_whole_last_line_without_newline_is_read(log: Callable[..., Path]) -> None:
    """A file may have been copied before its newline was written."""
    lines, account = read(log(line(1), line(2)[:-1]))
    assert numbers(lines) == [1, 2]
    assert account == LogAccount(lines=2)


def test_only_a_newline_ends_a_line(log: Callable[..., Path]) -> None:
    """Other separators of Unicode are text, also where they stand unescaped."""
    event = FeedbackReceived("a\u2028b\u0085c", "letter\u000b", None)
    (read_line,), account = read(log(line(1, event)))
    assert read_line.event == event
    assert account == LogAccount(lines=1)


def test_blank_lines_are_not_lines(log: Callable[..., Path]) -> None:
    """They come from joining files."""
    _, account = read(log(b"\n", line(1), b"\n \r\n"))
    assert account == LogAccount(lines=1)


def test_lines_of_other_events_can_be_skipped_unread(log: Callable[..., Path]) -> None:
    """Torn ones too; whoever asks for some events of a large log does not wait for the others."""
    refused = BundleRefused("champion", "bundles/docs/1", ())
    reader = LogReader([log(line(1), line(2, refused), b"{torn")], containing=b"guard.refused")
    assert [each.event for each in reader] == [refused]
    assert (reader.account.lines, reader.account.torn, reader.account.missing) == (1, 0, 1)


def test_copies_are_dropped(log: Callable[..., Path]) -> None:
    """Standard output and file hold the same lines; the first copy counts."""
    first = log(line(1), line(2), line(2), name="first.jsonl")
    second = log(line(2), line(3), line(1), name="second.jsonl")
    lines, account = read(first, second)
    assert numbers(lines) == [1, 2, 3]
    assert account == LogAccount(lines=6, duplicates=3)


def test_replicas_of_one_name_are_told_apart_by_their_run(log: Callable[..., Path]) -> None:
    """Neither a duplicate nor a gap comes of it that they count alike."""
    mixed = log(line(1), line(1, run="run-2"), line(2, run="run-2"), line(4), line(4, run="run-2"))
    lines, account = read(mixed)
    assert [(line.stamp.run, line.stamp.seq) for line in lines] == [
        ("run-1", 1), ("run-2", 1), ("run-2", 2), ("run-1", 4), ("run-2", 4),
    ]  # fmt: skip
    assert account.duplicates == 0
    assert account.gaps == (Gap("replica-1", "run-1", 2, 3), Gap("replica-1", "run-2", 3, 3))
    assert account.missing == 3


def test_a_log_that_begins_late_has_a_gap_from_the_first_line_on(log: Callable[..., Path]) -> None:
    """The file before it was deleted."""
    _, account = read(log(line(41), line(42)))
    assert account.gaps == (Gap("replica-1", "run-1", 1, 40),)


def test_lines_of_unknown_events_and_of_a_newer_schema_are_skipped(
    log: Callable[..., Path],
) -> None:
    """They are counted, and leave no gap."""
    later = (
        line(2, LaterEvent()),
        altered(3, {"schema": 2}),
        altered(4, {"schema": 2, "label": None}),
    )
    lines, account = read(log(line(1), *later, line(5)))
    assert numbers(lines) == [1, 5]
    assert account == LogAccount(lines=5, unknown_events=1, newer_schema=2)


@pytest.mark.parametrize(
    "malformed",
    [
        b"17\n",
        b"[]\n",
        b"null\n",
        b"{}\n",
        *(altered(2, fields) for fields in BROKEN),
    ],
)
def test_a_malformed_line_is_counted_and_the_others_are_read(
    log: Callable[..., Path], malformed: bytes
) -> None:
    """Whatever whole JSON a line is."""
    lines, account = read(log(line(1), malformed, line(3)))
    assert numbers(lines) == [1, 3]
    assert (account.lines, account.malformed, account.torn) == (3, 1, 0)


BROKEN_EVENTS = ({"label": None}, {"observation": 3})


@pytest.mark.parametrize("fields", BROKEN_EVENTS)
def test_a_line_whose_event_lacks_something_is_missing(
    log: Callable[..., Path], fields: JsonObject
) -> None:
    """Like a torn line, it says nothing that can be read."""
    _, account = read(log(line(1), altered(2, fields), line(3)))
    assert account == LogAccount(lines=3, malformed=1, gaps=(Gap("replica-1", "run-1", 2, 2),))


@pytest.mark.parametrize("fields", BROKEN_EVENTS)
def test_a_whole_copy_of_a_malformed_line_is_read(
    log: Callable[..., Path], fields: JsonObject
) -> None:
    """Whether it comes before the malformed one or after it."""
    for first, second in ((altered(2, fields), line(2)), (line(2), altered(2, fields))):
        lines, account = read(log(line(1), first, second, line(3)))
        assert numbers(lines) == [1, 2, 3]
        assert account == LogAccount(lines=4, malformed=1)


def test_compressed_logs_are_read(log: Callable[..., Path]) -> None:
    """Rotated files are often compressed, in several members after being joined."""
    members = (gzip.compress(line(1)), gzip.compress(line(2) + line(3)[:20]))
    lines, account = read(log(*members, name="log.jsonl.1.gz"))
    assert numbers(lines) == [1, 2]
    assert account == LogAccount(lines=3, torn=1)


def test_logs_compressed_with_zstd_are_read(log: Callable[..., Path]) -> None:
    """By their name, like the others."""
    data = pa.Codec("zstd").compress(line(1) + line(2), asbytes=True)
    lines, account = read(log(data, name="log.jsonl.zst"))
    assert numbers(lines) == [1, 2]
    assert account == LogAccount(lines=2)


def test_a_broken_file_is_read_up_to_there(log: Callable[..., Path]) -> None:
    """Cut off, or not compressed as its name says: the account names it, and the next is read."""
    not_compressed = log(line(1), name="plain.gz")
    cut_off = log(gzip.compress(b"".join(map(line, range(1, 5))))[:-6], name="cut.gz")
    lines, account = read(not_compressed, cut_off, log(line(5)))
    assert numbers(lines) == [1, 2, 3, 4, 5]
    assert [broken.path for broken in account.broken] == [not_compressed, cut_off]
    assert all("Error" in broken.reason or "Bad" in broken.reason for broken in account.broken)


def test_a_path_that_cannot_be_read_is_an_error_of_the_call(tmp_path: Path) -> None:
    """Whether it is missing or a directory."""
    for path in (tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(CallError, match=path.name):
            list(LogReader([path]))


@pytest.mark.parametrize("fields", [{"label": 7}, {"source": "rumour"}, {"seq": 2**63}])
def test_a_value_of_another_type_makes_a_malformed_line(
    log: Callable[..., Path], fields: JsonObject
) -> None:
    """Neither a text, nor a source that is known, nor a number of 64 bits."""
    _, account = read(log(line(1), altered(2, fields)))
    assert account == LogAccount(lines=2, malformed=1)


def test_an_account_is_that_of_the_latest_iteration(log: Callable[..., Path]) -> None:
    """Before any it is empty, in between it is partial, and a second one begins anew."""
    reader = LogReader([str(log(line(1), line(2)))])
    assert reader.account == LogAccount()
    next(iter(reader))
    assert reader.account == LogAccount(lines=1)
    assert numbers(reader) == numbers(reader) == [1, 2]
    assert reader.account == LogAccount(lines=2)


def test_a_line_beyond_all_bounds_is_not_read_whole(
    log: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pieces are torn lines, and the next line is read."""
    monkeypatch.setattr(log_files, "_MAX_LINE_BYTES", 1000)
    lines, account = read(log(line(1), b"x" * 2500 + b"\n", line(2)))
    assert numbers(lines) == [1, 2]
    assert account == LogAccount(lines=5, torn=3)


@given(
    st.lists(st.tuples(st.sampled_from(["run-1", "run-2"]), st.integers(1, 40)), max_size=80),
    st.randoms(use_true_random=False),
)
def test_the_account_is_that_of_a_set_of_numbers(
    stamps: list[tuple[str, int]], generator: random.Random
) -> None:
    """In whatever order lines come, duplicates and gaps are those of the oracle."""
    generator.shuffle(stamps)
    tally = reading._Tally()  # noqa: SLF001 (its numbers, without files)
    lines = [tally.read(line(seq, run=run)) for run, seq in stamps]
    kept = [(line.stamp.run, line.stamp.seq) for line in lines if line is not None]
    assert kept == list(dict.fromkeys(stamps))
    account = tally.account()
    assert account.duplicates == len(stamps) - len(set(stamps))
    for run in {run for run, _ in stamps}:
        seen = {seq for other, seq in stamps if other == run}
        missing = {
            seq for gap in account.gaps if gap.run == run for seq in range(gap.first, gap.last + 1)
        }
        assert missing == set(range(1, max(seen) + 1)) - seen
    edges = [(gap.run, seq) for gap in account.gaps for seq in (gap.first - 1, gap.last + 1)]
    assert all(seq == 0 or (run, seq) in set(stamps) for run, seq in edges)


@given(st.lists(st.one_of(*EVENTS_OF_ALL_TYPES), max_size=5))
def test_what_is_rendered_is_read(events: list[Event]) -> None:
    """Any events of a run come back equal."""
    tally = reading._Tally()  # noqa: SLF001 (its lines, without files)
    lines = [tally.read(line(seq, event)) for seq, event in enumerate(events, start=1)]
    assert [line.event for line in lines if line is not None] == events
    assert tally.account() == LogAccount(lines=len(events))


def test_memory_does_not_grow_with_the_number_of_lines(log: Callable[..., Path]) -> None:
    """A run is one interval, whatever its length, in whatever order the files come."""
    first = log(*map(line, range(1, 501)), name="1.jsonl")
    second = log(*map(line, range(501, 1001)), name="2.jsonl")
    reader = LogReader([second, first])
    assert sum(1 for _ in reader) == 1000
    ((_, interval),) = reader._tally._runs.values()  # noqa: SLF001 (there is no other sight of it)
    assert (interval._firsts, interval._lasts) == ([1], [1000])  # noqa: SLF001
    assert reader.account.gaps == ()

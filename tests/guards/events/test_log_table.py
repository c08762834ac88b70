"""Logs as tables: the same account as line by line, and the same values to the last bit."""

from __future__ import annotations

import gzip
import json
import math
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.errors import CallError
from guards.events import log_files
from guards.events.events import FeedbackReceived, RequestObserved
from guards.events.log_table import LogTable
from guards.events.reading import Gap, LogAccount, LogReader
from guards.events.rendering import line_renderer
from guards.evidence.columns import COMPARED
from guards.evidence.labels import LabelSource, TrueLabel
from guards.evidence.pair import ChallengerId, Missed, Pair
from tests.guards.events.something import something
from tests.guards.events.strategies import EVENTS_OF_ALL_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from guards.events.events import Event
    from guards.events.lines import LogLine
    from guards.evidence.columns import Categories, PairColumns
    from guards.json_types import JsonObject

EARLIER_LOG = Path(__file__).parent / "logs" / "before-ordinals.jsonl"
MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
CHAMPION = BundleIdentity("docs", "1", "sha256:1f")
SECOND, TWIN = ChallengerId("docs", "2"), ChallengerId("docs", "2", 2)


def answered(label: str = "letter", confidence: float = 0.75) -> Observation:
    """Return an observation of two classes."""
    probabilities = {"letter": confidence, "memo": 1 - confidence}
    answer = Answer(label, confidence, 0.5, 0.8, probabilities)
    return Observation(answer, infer_s=0.01, cpu_s=0.002, queue_s=0.1)


def observed(request_id: str = "a", seconds: int = 0, **outcomes: Observation | Missed) -> Event:
    """Return an answered document, with the outcomes of the challengers ``second`` and ``twin``."""
    champion = answered()
    ids = {"second": SECOND, "twin": TWIN}
    return RequestObserved(
        request_id=request_id,
        observed_at=MOMENT + timedelta(seconds=seconds),
        origin_run="run-1",
        segment="emea",
        model=CHAMPION,
        champion=champion,
        pairs=tuple(
            Pair.of(champion, ids[name], outcome)
            for name, outcome in (outcomes or {"second": answered("memo", 0.5)}).items()
        ),
        tokens=17,
        truncated=False,
        unknown=(),
        missing=(),
        coerced=(),
        out_of_range=(),
        document={"text": "a"},
    )


def line(seq: int, event: Event | None = None, *, run: str = "run-1") -> bytes:
    """Render one line, of an observed document unless another event is given."""
    return line_renderer("replica-1", run)(event or observed(), MOMENT, seq)


def altered(seq: int, path: str, value: object, event: Event | None = None) -> bytes:
    """Render a line with one other value, or without it where the value is ``...``.

    The names and indices of its path stand between dots.
    """
    content = json.loads(line(seq, event))
    *parents, name = (int(part) if part.isdecimal() else part for part in path.split("."))
    place = content
    for parent in parents:
        place = place[parent]
    if value is ...:
        place.pop(name)
    else:
        place[name] = value
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a log file of these pieces."""

    def write(*pieces: bytes, name: str = "log.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(pieces))
        return path

    return write


def account(*paths: Path) -> LogAccount:
    """Return the account that the table gives."""
    with LogTable.read(paths) as table:
        return table.account


def rows_of(columns: Iterable[PairColumns]) -> list[tuple[object, ...]]:
    """Return all batches as rows; NaN becomes None, so that rows can be compared."""
    return [row for batch in columns for row in _rows(batch)]


def _rows(batch: PairColumns) -> Iterable[tuple[object, ...]]:
    variants = [
        column
        for variant in (batch.champion, batch.challenger)
        for column in (
            _texts(variant.labels),
            *map(_floats, (variant.confidence, variant.margin, variant.entropy, variant.cpu_s)),
        )
    ]
    return zip(
        batch.request_ids,
        batch.observed_at.tolist(),
        batch.last.tolist(),
        _texts(batch.segments),
        batch.tokens.tolist(),
        _texts(batch.outcomes),
        batch.comparable.tolist(),
        *variants,
        _floats(batch.divergence),
        strict=True,
    )


def _texts(categories: Categories) -> list[str | None]:
    names = [*categories.names, None]
    return [names[code] for code in categories.codes.tolist()]


def _floats(values: np.ndarray) -> list[str | None]:
    return [None if math.isnan(value) else value.hex() for value in values.tolist()]


def expected_rows(
    lines: Iterable[LogLine], champion: BundleIdentity, challenger: ChallengerId
) -> list[tuple[object, ...]]:
    """Return the rows of a pair by way of typed events; of a challenger named twice the first."""
    found = [
        ((event.observed_at, entry.stamp.run, entry.stamp.seq), event, pair)
        for entry in lines
        if isinstance(event := entry.event, RequestObserved) and event.model == champion
        for pair in [pair for pair in event.pairs if pair.challenger == challenger][:1]
    ]
    found.sort(key=lambda item: item[0])
    latest = {event.request_id: place for place, event, _ in found}
    return [
        _expected(event, pair, last=latest[event.request_id] == place)
        for place, event, pair in found
    ]


def _expected(event: RequestObserved, pair: Pair, *, last: bool) -> tuple[object, ...]:
    since = event.observed_at - datetime(1970, 1, 1, tzinfo=UTC)
    compared = isinstance(pair.outcome, Observation)
    ours = event.champion.answer
    theirs = pair.outcome.answer if isinstance(pair.outcome, Observation) else None
    return (
        event.request_id,
        since // timedelta(microseconds=1),
        last,
        event.segment,
        event.tokens,
        COMPARED if compared else str(pair.outcome),
        theirs is not None
        and ours.label in theirs.probabilities
        and theirs.label in ours.probabilities,
        *_observation(event.champion),
        *(_observation(pair.outcome) if isinstance(pair.outcome, Observation) else [None] * 5),
        pair.comparison and float(pair.comparison.js_divergence).hex(),
    )


def _observation(observation: Observation) -> list[str | None]:
    answer = observation.answer
    numbers = (answer.confidence, answer.margin, answer.entropy, observation.cpu_s)
    return [answer.label, *(None if x is None else float(x).hex() for x in numbers)]


def assert_same_as_line_by_line(*paths: Path) -> LogAccount:
    """Compare all that a table gives with the typed lines."""
    reader = LogReader(paths)
    lines = list(reader)
    events = [entry.event for entry in lines]
    documents = [event for event in events if isinstance(event, RequestObserved)]
    ids = {(event.model, pair.challenger) for event in documents for pair in event.pairs}
    with LogTable.read(paths) as table:
        assert table.account == reader.account
        assert {seen.identity for seen in table.champions} == {event.model for event in documents}
        assert sum(seen.documents for seen in table.champions) == len(documents)
        read = {
            (seen.identity, challenger)
            for seen in table.champions
            for challenger in table.challengers(seen.identity)
        }
        assert read == ids
        for champion, challenger in ids:
            expected = expected_rows(lines, champion, challenger)
            assert rows_of(table.pairs(champion, challenger)) == expected
        labels = [(label.request_id, label.label) for label in table.feedback()]
    feedback = [event for event in events if isinstance(event, FeedbackReceived)]
    assert sorted(labels) == sorted((event.request_id, event.label) for event in feedback)
    return reader.account


def test_a_whole_log_is_read_as_line_by_line(log: Callable[..., Path]) -> None:
    """Answers, misses, several challengers, several champions and every other event."""
    others = [observed("b", 1, second=Missed.TIMEOUT, twin=answered("memo", 0.25))]
    path = log(
        line(1, observed()),
        *(line(seq, event) for seq, event in enumerate(others, start=2)),
        line(3, observed("c", 2, twin=Missed.QUEUE_FULL)),
        altered(7, "challengers.0.reason", "compared", observed("e", second=Missed.TIMEOUT)),
        altered(4, "champion.fingerprint", "sha256:2e", observed("d", 3)),
        line(5, FeedbackReceived("a", "letter", None)),
        line(6, something(anything=[1, 2])),
    )
    found = assert_same_as_line_by_line(path)
    assert found == LogAccount(lines=7, unknown_events=1, malformed=1)


def test_a_log_from_before_ordinals_is_read_as_line_by_line() -> None:
    """Its twins of one bundle are told apart by their place, as the typed events do."""
    assert assert_same_as_line_by_line(EARLIER_LOG) == LogAccount(lines=22, torn=1)
    with LogTable.read([EARLIER_LOG]) as table:
        (seen,) = table.champions
        assert SECOND in table.challengers(seen.identity)
        assert TWIN in table.challengers(seen.identity)


ODD_VALUES = [
    ..., None, True, 0, 1, 2, -7, 1.5, 2**53 + 1, 2**63, 2**64, 10**30, 10**400, -0.0, 1e308,
    math.nan, math.inf, "", "x", "12", "true", "ok", "timeout", "compared", "a\0b", "\ud800",
    'with "quotes" \\ \n',
    "2026-01-31T12:00:00.000001Z", "2026-01-31T12:00:00.000001+01:00", "2026-02-30T12:00:00Z",
    "2026-01-31T24:00:00.000000Z", "0001-01-01T00:00:00+23:59", [], [1], ["x"], {}, {"a": 1},
]  # fmt: skip
"""What a field may hold that is not what it should be; the dots stand for a field that lacks."""
FIELDS = [
    *("timestamp", "event", "schema", "replica", "run", "seq", "request_id", "observed_at"),
    *("origin_run", "segment", "tokens", "truncated", "unknown", "missing", "coerced"),
    *("out_of_range", "document", "champion", "challengers", "challengers.0"),
    *(f"champion.{name}" for name in ("name", "version", "fingerprint")),
    *(f"challengers.0.{name}" for name in ("name", "version", "ordinal", "status", "reason")),
    *(f"challengers.0.{name}" for name in ("agree", "confidence_delta", "js_divergence")),
    *(
        f"{place}.{name}"
        for place in ("champion", "challengers.0")
        for name in (
            *("label", "confidence", "margin", "entropy", "probabilities", "infer_s", "cpu_s"),
            *("queue_s", "probabilities.letter", "probabilities.memo"),
        )
    ),
]
"""The fields of an observed document."""


def test_a_value_of_another_type_is_judged_as_line_by_line(log: Callable[..., Path]) -> None:
    """In any field: neither converted, nor read as none, nor the end of the reading."""
    lines = [
        altered(seq, path, value, observed(f"request {seq}"))
        for seq, (path, value) in enumerate(product(FIELDS, ODD_VALUES), start=2)
    ]
    assert_same_as_line_by_line(log(line(1), *lines))


def test_a_field_of_the_wrong_type_makes_a_malformed_line(log: Callable[..., Path]) -> None:
    """It is counted, and leaves a gap."""
    paths = ("tokens", "champion.label", "champion.confidence", "challengers.0.entropy", "seq")
    wrong = product(paths, [True, {"a": 1}, None, -math.inf])
    lines = [altered(seq, path, value) for seq, (path, value) in enumerate(wrong, start=2)]
    found = account(log(line(1), *lines, line(22)))
    gap = Gap("replica-1", "run-1", 2, 21)
    assert found == LogAccount(lines=22, malformed=20, gaps=(gap,))


DAMAGED = {
    "cut": line(2)[:60] + b"\n",
    "cut inside a character": line(2, observed("é"))[:-1].split("é".encode())[0] + b"\xc3\n",
    "not UTF-8": line(2).replace(b"letter", b"l\xe9tter"),
    "a NUL": line(2).replace(b"letter", b"let\0ter"),
    "only NULs": b"\0" * 500 + b"\n",
    "nested without end": b"[" * 100_000 + b"\n",
    "nested and closed": b"[" * 100_000 + b"]" * 100_000 + b"\n",
    "a value nested": line(2).replace(b'"tokens":17', b'"tokens":' + b"[" * 10**5 + b"]" * 10**5),
    "a comma too many": line(2).replace(b"}\n", b",}\n"),
    "a comma too many in a list": line(2).replace(b'"unknown":[', b'"unknown":[1,'),
    "two lines in one": line(2)[:-1] + line(3),
    "a surrogate in UTF-8": line(2).replace(b"letter", b"\xed\xa0\x80"),
}
FINE = {
    "carriage returns": line(2)[:-1] + b"\r\n",
    "a byte order mark": b"\xef\xbb\xbf" + line(2),
    "blank lines": b"\n \r\n\t\n" + line(2),
    "spaces": json.dumps(json.loads(line(2)), indent=None).encode() + b"\n",
    "escapes": line(2).replace(b"letter", rb"l\u0065tter"),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_is_counted_and_the_others_are_read(
    log: Callable[..., Path], damage: bytes
) -> None:
    """Whatever is wrong with it."""
    found = assert_same_as_line_by_line(log(line(1), damage, line(4)))
    assert (found.lines, found.torn + found.malformed) == (3, 1)


@pytest.mark.parametrize("piece", FINE.values(), ids=FINE)
def test_a_line_that_others_have_written_again_is_read(
    log: Callable[..., Path], piece: bytes
) -> None:
    """Its values count, not how they are written."""
    assert assert_same_as_line_by_line(log(line(1), piece)) == LogAccount(lines=2)


@st.composite
def damaged_lines(draw: st.DrawFn) -> bytes:
    """Draw a line of any event, whole or with bytes cut off, cut out, changed or repeated."""
    event = draw(st.one_of(*EVENTS_OF_ALL_TYPES))
    data = line(draw(st.integers(1, 20)), event, run=draw(st.sampled_from(["run-1", "run-2"])))
    start = draw(st.integers(0, len(data) - 1))
    end = draw(st.integers(start, len(data)))
    changed = bytes([data[start] ^ 1 << draw(st.integers(0, 7))])
    return draw(
        st.sampled_from(
            [
                data,
                data + data,
                data[:start] + b"\n",
                data[:start] + data[end:],
                data[:start] + changed + data[start + 1 :],
            ]
        )
    )


@settings(max_examples=8)
@given(st.lists(damaged_lines(), max_size=40), st.integers(0, 40))
def test_damaged_logs_are_read_as_line_by_line(lines: list[bytes], middle: int) -> None:
    """Accounts and values are the same, whatever happened to the files."""
    with TemporaryDirectory() as directory:
        paths = [Path(directory) / name for name in ("1.jsonl", "2.jsonl.gz")]
        paths[0].write_bytes(b"".join([line(21), *lines[:middle]]))
        paths[1].write_bytes(gzip.compress(b"".join([line(22), *lines[middle:]])))
        assert_same_as_line_by_line(*paths)


@pytest.mark.parametrize("size", [1, 700, 5000])
def test_blocks_do_not_show(
    log: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Wherever a file is cut for reading, no line is."""
    monkeypatch.setattr(log_files, "_BLOCK_BYTES", size)
    monkeypatch.setattr(log_files, "_PIECE_BYTES", size)
    lines = [line(seq, observed(f"é {seq}")) for seq in range(1, 12)]
    assert assert_same_as_line_by_line(log(*lines)) == LogAccount(lines=11)


def test_a_line_beyond_all_bounds_is_torn(
    log: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In as many pieces as for the reader, and the next line is read."""
    monkeypatch.setattr(log_files, "_MAX_LINE_BYTES", 2000)
    found = assert_same_as_line_by_line(log(line(1), b"x" * 4500 + b"\n", line(2)))
    assert found == LogAccount(lines=5, torn=3)


def zstd(data: bytes) -> bytes:
    """Compress with zstd."""
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


@pytest.mark.parametrize(("compress", "suffix"), [(gzip.compress, ".gz"), (zstd, ".zst")])
def test_compressed_logs_are_read(
    log: Callable[..., Path], compress: Callable[[bytes], bytes], suffix: str
) -> None:
    """Also where compressed files were joined."""
    joined = compress(line(1)) + compress(line(2))
    assert assert_same_as_line_by_line(log(joined, name=f"a{suffix}")) == LogAccount(lines=2)


@pytest.mark.parametrize(("compress", "suffix"), [(gzip.compress, ".gz"), (zstd, ".zst")])
def test_of_a_broken_file_is_read_what_comes_before(
    log: Callable[..., Path], compress: Callable[[bytes], bytes], suffix: str
) -> None:
    """The account says which file it is and why, and the next files are read."""
    noise = bytes(np.random.default_rng(1).integers(32, 127, 400_000).astype(np.uint8))
    text = b"".join(line(seq) for seq in range(1, 51)) + noise
    broken = log(compress(text)[:-200_000], name=f"broken{suffix}")
    found = assert_same_as_line_by_line(broken, log(line(51)))
    assert (found.gaps, found.duplicates) == ((), 0)
    ((path, reason),) = [(file.path, file.reason) for file in found.broken]
    assert path == broken
    assert "Error" in reason


def test_what_is_no_log_is_an_error_of_the_call(log: Callable[..., Path], tmp_path: Path) -> None:
    """A table or an image given by mistake, a directory, a wrong name: each is named."""
    mistakes = [
        log(b"text,label\nhello,letter\n", name="train.csv"),
        log(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, name="image.png"),
        log(line(1)[:50], name="torn.jsonl"),
        log(line(1), name="plain.gz"),
        log(line(1), name="plain.zst"),
        tmp_path / "missing.jsonl",
        tmp_path,
    ]
    for mistake in mistakes:
        with pytest.raises(CallError, match=mistake.name):
            LogTable.read([log(line(1)), mistake])


def test_an_empty_file_is_fine_but_not_all_of_them(log: Callable[..., Path]) -> None:
    """A new replica may not have written anything; nothing at all is a mistake."""
    empty = log(name="empty.jsonl")
    assert account(empty, log(line(1))) == LogAccount(lines=1)
    unknown = log(line(1, something()), name="unknown.jsonl")
    for paths in ([], [empty], [empty, unknown]):
        with pytest.raises(CallError, match="no events in"):
            LogTable.read(paths)


def test_neither_copies_nor_the_order_of_files_change_anything(log: Callable[..., Path]) -> None:
    """Each line counts once, wherever it stands."""
    lines = [line(seq, observed(f"r-{seq % 4}", seq % 3)) for seq in range(1, 10)]
    lines += [line(10, FeedbackReceived("r-1", "memo", None))]
    whole, part = log(*lines, name="whole"), log(*lines[4:], *lines[:2], name="part")
    with LogTable.read([whole]) as table:
        expected = rows_of(table.pairs(CHAMPION, SECOND)), list(table.feedback())
    for paths in ([part, whole], [whole, part], [whole, whole, part]):
        with LogTable.read(paths) as table:
            assert (rows_of(table.pairs(CHAMPION, SECOND)), list(table.feedback())) == expected
            assert table.account.lines == 10 + table.account.duplicates
            assert table.account.gaps == ()


def test_the_last_of_a_document_is_the_latest_by_time_run_and_number(
    log: Callable[..., Path],
) -> None:
    """Whatever the order of the lines, and for each challenger by itself."""
    path = log(
        line(3, observed("a", 5)),
        line(1, observed("a", 9)),
        line(2, observed("a", 9), run="run-0"),
        line(2, observed("a", 9)),
        line(4, observed("a", 10, twin=Missed.SHUTDOWN)),
        line(5, observed("b")),
    )
    with LogTable.read([path]) as table:
        (batch,) = table.pairs(CHAMPION, SECOND)
        assert list(batch.request_ids) == ["b", "a", "a", "a", "a"]
        assert batch.last.tolist() == [True, False, False, False, True]
        (batch,) = table.pairs(CHAMPION, TWIN)
        assert batch.last.tolist() == [True]


def test_champions_come_in_the_order_of_their_last_answer(log: Callable[..., Path]) -> None:
    """With the documents that each has answered, and when."""
    path = log(
        altered(1, "champion.version", "0", observed("a", 1)),
        line(2, observed("b", 2)),
        line(3, observed("c", 4)),
        altered(4, "champion.version", "0", observed("d", 3)),
    )
    with LogTable.read([path]) as table:
        earlier, latest = table.champions
        assert table.challengers(BundleIdentity("docs", "9", "sha256:1f")) == ()
        assert list(table.pairs(BundleIdentity("docs", "9", "sha256:1f"), SECOND)) == []
    assert (earlier.identity.version, earlier.documents) == ("0", 2)
    assert (latest.identity, latest.documents) == (CHAMPION, 2)
    assert latest.first_observed_at == MOMENT + timedelta(seconds=2)
    assert latest.last_observed_at == MOMENT + timedelta(seconds=4)


def test_the_first_and_the_last_line_bound_the_log(log: Callable[..., Path]) -> None:
    """In UTC, whatever the offset that was written; unknown events do not count."""
    path = log(
        altered(1, "timestamp", "2026-02-01T00:00:00.000001+01:00"),
        altered(2, "timestamp", "2026-02-03T04:05:06.7Z"),
        altered(3, "timestamp", "2030-01-01T00:00:00Z", something()),
    )
    with LogTable.read([path]) as table:
        assert table.first_timestamp == datetime(2026, 1, 31, 23, 0, 0, 1, tzinfo=UTC)
        assert table.last_timestamp == datetime(2026, 2, 3, 4, 5, 6, 700_000, tzinfo=UTC)
        assert table.first_timestamp.tzinfo is UTC


@settings(max_examples=5)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=60, max_size=60))
def test_numbers_are_the_same_to_the_last_bit(values: list[float]) -> None:
    """As long as Python writes them, and with more digits than a float holds."""
    texts = [repr(value) for value in values] + [f"{value:.25e}" for value in values]
    template = line(1).replace(b'"confidence":0.75', b'"confidence":CONFIDENCE', 1)
    lines = [
        template.replace(b"CONFIDENCE", text.encode()).replace(b'"seq":1', b'"seq":%d' % seq)
        for seq, text in enumerate(texts, start=1)
    ]
    with TemporaryDirectory() as directory:
        path = Path(directory) / "log.jsonl"
        path.write_bytes(b"".join(lines))
        with LogTable.read([path]) as table:
            (batch,) = table.pairs(CHAMPION, SECOND)
    read = [value.hex() for value in batch.champion.confidence.tolist()]
    assert read == [float(json.loads(text)).hex() for text in texts]


@pytest.mark.parametrize("number", [0, 2**53 + 1, 2**63 - 1])
def test_whole_numbers_are_exact(log: Callable[..., Path], number: int) -> None:
    """Up to 64 bits."""
    with LogTable.read([log(altered(max(number, 1), "tokens", number))]) as table:
        (batch,) = table.pairs(CHAMPION, SECOND)
        assert batch.tokens.tolist() == [number]
        assert table.account.missing == max(number, 1) - 1


def test_an_exclusive_pass_has_no_comparable_cost(log: Callable[..., Path]) -> None:
    """The time of its helper threads is not in it."""
    path = log(
        *(
            altered(seq, "champion.exclusive", value)
            for seq, value in enumerate((True, False, None), start=1)
        ),
        altered(4, "champion.cpu_s", ...),
        altered(5, "champion.exclusive", "true"),
    )
    with LogTable.read([path]) as table:
        assert table.account.malformed == 1
        (batch,) = table.pairs(CHAMPION, SECOND)
    np.testing.assert_array_equal(batch.champion.cpu_s, [np.nan, 0.002, 0.002, np.nan])
    np.testing.assert_array_equal(batch.challenger.cpu_s, [0.002] * 4)


def test_labels_that_the_other_has_not_cannot_be_compared(log: Callable[..., Path]) -> None:
    """Whichever of the two lacks the other's label, and whatever characters it has."""
    odd = 'a "b" $.c\\'
    path = log(
        line(1),
        altered(2, "champion.probabilities.memo", ...),
        altered(3, "challengers.0.probabilities", {"memo": 0.5, "letters": 0.5}),
        altered(4, "challengers.0.label", odd),
        line(5, observed(second=Missed.TIMEOUT)),
    )
    with LogTable.read([path]) as table:
        (batch,) = table.pairs(CHAMPION, SECOND)
    assert batch.comparable.tolist() == [True, False, False, False, False]


def test_feedback_comes_in_the_order_of_its_time(log: Callable[..., Path]) -> None:
    """With what the line says of its source, and a truth where it says nothing."""
    label = FeedbackReceived("a", "memo", None)
    drawn: JsonObject = {"source": "queue", "stratum": "s", "inclusion_probability": 0.25}
    later = json.loads(line(2, label)) | {"timestamp": "2026-01-31T13:00:01+01:00"} | drawn
    path = log(
        json.dumps(later).encode() + b"\n",
        line(1, label),
        altered(3, "label", "letter", label),
        *(altered(seq, "label", seq, label) for seq in (4, 5)),
        json.dumps(later | {"seq": 6, "source": "rumour"}).encode() + b"\n",
        json.dumps(later | {"seq": 7, "inclusion_probability": 1.5}).encode() + b"\n",
    )
    with LogTable.read([path]) as table:
        assert table.account.malformed == 4
        assert list(table.feedback()) == [
            TrueLabel("a", "memo", labelled_at=MOMENT),
            TrueLabel("a", "letter", labelled_at=MOMENT),
            TrueLabel("a", "memo", LabelSource.QUEUE, "s", 0.25, MOMENT + timedelta(seconds=1)),
        ]


def test_batches_are_bounded_and_other_questions_may_come_between(
    log: Callable[..., Path],
) -> None:
    """A caller may ask for labels while it reads pairs."""
    plain = line(1, observed("a"))
    lines = [plain.replace(b'"seq":1', b'"seq":%d' % seq, 1) for seq in range(1, 70_001)]
    with LogTable.read([log(*lines)]) as table:
        sizes = []
        for batch in table.pairs(CHAMPION, SECOND):
            assert list(table.feedback()) == []
            sizes.append(len(batch))
        assert sum(sizes) == 70_000
        assert max(sizes) <= 65_536


def test_nothing_stays_behind(
    log: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither after reading nor after an error."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    with LogTable.read([log(line(1))]):
        assert len(list(place.iterdir())) == 1
    assert list(place.iterdir()) == []
    with pytest.raises(CallError):
        LogTable.read([tmp_path / "missing"])
    assert list(place.iterdir()) == []

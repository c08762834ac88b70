"""Logs as tables: the values that typed lines have, to the last bit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guards.bundle.identity import BundleIdentity
from guards.errors import CallError
from guards.events.feedback_received import FeedbackReceived
from guards.events.log_table import LogTable
from guards.events.reading import LogAccount
from guards.evidence.labels import LabelSource, TrueLabel
from guards.evidence.pair import Missed
from tests.guards.events.something import something
from tests.guards.events.tables import (
    CHAMPION,
    MOMENT,
    SECOND,
    TWIN,
    altered,
    answered,
    assert_same_as_line_by_line,
    line,
    observed,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

EARLIER_LOG = Path(__file__).parent / "logs" / "before-ordinals.jsonl"


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


def test_a_label_is_as_old_as_its_line_says(log: Callable[..., Path]) -> None:
    """A label that was known long before it was sent is no late one; a broken moment is none."""
    known = MOMENT - timedelta(days=3)
    label = FeedbackReceived("a", "memo", labelled_at=known)
    path = log(
        line(1, label),
        *(
            altered(seq, "labelled_at", odd, label)
            for seq, odd in enumerate((7, "yesterday", "2026-01-31T12:00:00"), 2)
        ),
    )
    with LogTable.read([path]) as table:
        assert table.account.malformed == 3
        assert list(table.feedback()) == [TrueLabel("a", "memo", labelled_at=known)]


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

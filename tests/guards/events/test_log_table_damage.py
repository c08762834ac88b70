"""Damaged logs as tables: the same account and values as line by line."""

from __future__ import annotations

import gzip
import json
import math
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guards.drift.distance import Score
from guards.events.drift_window import DriftWindow
from guards.events.log_table import LogTable
from guards.events.reading import Gap, LogAccount
from guards.events.replay_started import ReplayStarted
from tests.guards.events.strategies import EVENTS_OF_ALL_TYPES
from tests.guards.events.tables import (
    CHAMPION,
    MOMENT,
    account,
    altered,
    assert_same_as_line_by_line,
    line,
    observed,
)

if TYPE_CHECKING:
    from collections.abc import Callable


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
    *("reference", "cells"),
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
    """Draw a line of any event, whole or with bytes cut off, cut out, changed or repeated.

    A replay has a run of its own, as in any log: a table sets aside what its run answered.
    """
    event = draw(st.one_of(*EVENTS_OF_ALL_TYPES))
    run = draw(st.sampled_from(["run-1", "run-2"]))
    data = line(
        draw(st.integers(1, 20)), event, run="replay" if isinstance(event, ReplayStarted) else run
    )
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


UNREAD = {
    "a number without end": b'"x":' + b"1" * 5000,
    "lists without end": b'"x":' + b"[" * 10**5 + b"]" * 10**5,
    "no champion": b'"champion":5',
    "no probabilities": b'"champion":{"probabilities":null}',
    "numbers for labels": b'"champion":{"probabilities":[1,2]}',
}
"""Fields that say nothing here, or that stand in the line a second time."""


@pytest.mark.parametrize("field", UNREAD.values(), ids=UNREAD)
def test_labels_are_those_that_the_rest_of_the_line_is_read_with(
    log: Callable[..., Path], field: bytes
) -> None:
    """What Python would not read, or read otherwise, changes nothing."""
    path = log(line(1)[:-2] + b"," + field + b"}\n")
    with LogTable.read([path]) as table:
        assert table.labels(CHAMPION) == ("letter", "memo")
        assert table.account == LogAccount(lines=1)


WINDOW = DriftWindow(
    start=MOMENT,
    end=MOMENT,
    documents=100,
    reference="sha256:1f",
    counts={"features": {"court": {"new": {"NDCA": 50}}}},
    scores={"court": Score("js", 0.5, 0.5, 0.1, enough_data=True, documents=100)},
)
WRONG_IN_A_WINDOW = [
    ("window.documents", "100"),
    ("counts", []),
    ("counts.features", [1]),
    ("counts.features.court", 5),
    ("counts.features.court.new", ["NDCA"]),
    ("counts.features.court.new.NDCA", "50"),
    ("scores.court.metric", None),
    ("scores.court.value", "0.5"),
    ("scores.court.null_band", math.nan),
]


@pytest.mark.parametrize(("path", "value"), WRONG_IN_A_WINDOW)
def test_a_window_of_the_wrong_types_is_counted_as_malformed(
    log: Callable[..., Path], path: str, value: object
) -> None:
    """What is said of a period adds up numbers of windows that have them."""
    found = assert_same_as_line_by_line(log(line(1), altered(2, path, value, WINDOW)))
    assert (found.lines, found.malformed) == (2, 1)

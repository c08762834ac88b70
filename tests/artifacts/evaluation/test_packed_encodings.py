"""Packed encodings are the encodings, in a fraction of the memory."""

from __future__ import annotations

import sys

import numpy as np

from artifacts.bundle.preprocessing import Encoding
from artifacts.evaluation.packed_encodings import PackedEncodings
from guards.schema import CanonicalRow

WIDTH = 3000


def encodings(rows: int) -> list[Encoding]:
    """Return rows with two numbers and a one-hot column, one of them with NaN."""
    made = []
    for row in range(rows):
        columns = np.zeros(WIDTH)
        columns[:2] = row - 1.5, np.nan if row == 1 else 1e300
        columns[2 + row % (WIDTH - 2)] = 1.0
        ids = np.arange(row % 5 + 3)[np.newaxis]
        made.append(Encoding(ids, columns, CanonicalRow((float(row),), ("a",)), row, row == 3))
    return made


def packed(rows: list[Encoding]) -> PackedEncodings:
    """Pack rows in two parts."""
    both = PackedEncodings(WIDTH)
    both.extend(rows[:3])
    both.extend(rows[3:])
    return both


def test_every_item_is_what_was_packed() -> None:
    """By index from either end, by slice, and one after the other."""
    rows = encodings(20)
    items = packed(rows)

    assert len(items) == len(rows)
    for way in ([items[index] for index in range(20)], [*items], [*items[:8], *items[8:]]):
        for item, row in zip(way, rows, strict=True):
            np.testing.assert_array_equal(item.columns, row.columns)
            np.testing.assert_array_equal(item.token_ids, row.token_ids)
            assert (item.row, item.tokens, item.truncated) == (row.row, row.tokens, row.truncated)
    np.testing.assert_array_equal(items[-1].columns, rows[-1].columns)
    assert [item.unknown_tokens for item in items[3:9:2]] == [3, 5, 7]


def test_zeros_are_not_kept() -> None:
    """Three values a row take about as much whatever the width."""
    kept = packed(encodings(50))._rows  # noqa: SLF001 (what is kept)
    size_bytes = sum(sys.getsizeof(part) for row in kept for part in row[1:])
    assert size_bytes < 50 * 500


def test_an_item_is_its_own() -> None:
    """Writing to the columns of an item changes no other, and not what is packed."""
    items = packed(encodings(5))
    items[0].columns[:] = 7.0
    assert items[0].columns[5] == 0.0
    assert items[1].columns[5] == 0.0

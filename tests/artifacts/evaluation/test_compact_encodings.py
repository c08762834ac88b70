"""Encodings that are kept in arrays, against the encodings themselves."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from artifacts.bundle.preprocessing import Encoding
from artifacts.evaluation.compact_encodings import CompactEncodings
from guards.schema import CanonicalRow


def encodings(rows: int, width: int) -> list[Encoding]:
    """Make up encodings of several windows and lengths."""
    generator = np.random.default_rng(0)
    shapes = generator.integers(1, 5, size=(rows, 2)).tolist()
    return [
        Encoding(
            token_ids=generator.integers(2**31 - 1, size=shape),
            columns=generator.normal(size=width),
            row=CanonicalRow((float(index),), ()),
            unknown_tokens=index % 3,
            truncated=index % 2 == 0,
        )
        for index, shape in enumerate(shapes)
    ]


@pytest.mark.parametrize("width", [0, 3])
def test_each_is_as_it_was(width: int) -> None:
    """Token ids exactly, in their windows, and columns as the network takes them."""
    given = encodings(20, width)

    kept = CompactEncodings([each.row for each in given], given)

    assert len(kept) == 20
    for ours, theirs in zip(kept, given, strict=True):
        np.testing.assert_array_equal(ours.token_ids, theirs.token_ids)
        assert ours.token_ids.dtype == np.int64
        np.testing.assert_array_equal(ours.columns, theirs.columns.astype(np.float32))
        assert ours.columns.dtype == np.float64
        assert (ours.row, ours.tokens) == (theirs.row, theirs.tokens)
        assert (ours.unknown_tokens, ours.truncated) == (theirs.unknown_tokens, theirs.truncated)


def test_they_are_indexed_like_a_list() -> None:
    """From either end, and by slices; there is none beyond the end."""
    given = encodings(6, 0)
    kept = CompactEncodings([each.row for each in given], given)

    assert kept[-1].row == given[-1].row
    assert [each.row for each in kept[1:5:2]] == [each.row for each in given[1:5:2]]
    assert kept[6:] == []
    with pytest.raises(IndexError):
        kept[6]


@pytest.mark.parametrize("value", [np.nan, 1e300, -1e300])
def test_columns_beyond_float32_are_clipped_as_for_the_network(value: float) -> None:
    """A missing value stays one, and a huge one is the largest that the network takes."""
    encoding = Encoding(
        np.zeros((1, 1), np.int64), np.array([value]), CanonicalRow((), ()), 0, truncated=True
    )

    (kept,) = CompactEncodings([encoding.row], [encoding])

    np.testing.assert_allclose(kept.columns, np.clip([value], -1e30, 1e30), rtol=1e-6)


def test_zeros_are_not_kept() -> None:
    """What wide rows of a few values take does not grow with their width."""

    def one_hot(row: int, width: int) -> Encoding:
        columns = np.zeros(width)
        columns[[0, 1 + row]] = row - 1.5, 1.0
        ids = np.zeros((1, 1), np.int64)
        return Encoding(ids, columns, CanonicalRow((), ()), 0, truncated=False)

    def kept(width: int) -> tuple[CompactEncodings, int]:
        tracemalloc.start()
        rows = [CanonicalRow((), ())] * 100
        encodings = CompactEncodings(rows, (one_hot(row, width) for row in range(100)))
        size_bytes = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return encodings, size_bytes

    wide, size_bytes = kept(100_000)
    assert size_bytes < 2 * kept(200)[1]
    for row in (0, 7, 99):
        np.testing.assert_array_equal(wide[row].columns, one_hot(row, 100_000).columns)

"""The ways to divide cells in two, and the padded shares of a reference."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.alarm.series import SeriesReference
from guards.drift.alarm.splits import Partition, Split


def test_ordered_cells_are_divided_at_each_cut() -> None:
    """Three cells have two cuts; missing and infinite values stand apart."""
    partition = Partition(SeriesReference("ordered", np.array([5, 6, 7]), 1, 2))

    assert [partition[index] for index in range(len(partition))] == [
        Split("cut", (0,)),
        Split("cut", (0, 1)),
        Split("missing", (3,)),
        Split("outside", (4,)),
    ]
    assert partition.successes(np.array([5, 6, 7, 1, 2])).tolist() == [5, 11, 1, 2]
    assert partition.one_sided.tolist() == [False, False, True, True]


def test_a_dictionary_is_divided_into_each_category_and_the_rest() -> None:
    """Each category has a split of its own."""
    partition = Partition(SeriesReference("categorical", np.array([5, 6]), 1, 2))

    assert [partition[index].kind for index in range(4)] == [
        "category",
        "category",
        "missing",
        "outside",
    ]


def test_shares_are_padded() -> None:
    """Half a document, and a whole one where only more is evidence."""
    partition = Partition(SeriesReference("ordered", np.array([5, 4]), 0, 0))

    assert partition.shares(np.array([5, 4, 0, 0])) == pytest.approx([0.55, 0.1, 0.1])


def test_rare_categories_of_a_large_dictionary_share_splits() -> None:
    """Ten thousand categories have 258 splits, in which each document counts once."""
    counts = np.random.default_rng(1).integers(0, 50, 10_000)
    partition = Partition(SeriesReference("categorical", counts, 3, 4))
    splits = [partition[index] for index in range(len(partition))]

    assert len(splits) == 258
    assert sorted(cell for split in splits for cell in split.cells) == list(range(10_002))
    assert partition.successes(np.array([*counts, 3, 4])).sum() == counts.sum() + 7
    alone = [counts[split.cells[0]] for split in splits if split.kind == "category"]
    shared = [counts[list(split.cells)].max() for split in splits if split.kind == "rest"]
    assert min(alone) >= max(shared)


def test_hours_are_padded_by_one_document_together() -> None:
    """A week of hours without a value says as much as all its rows in one."""
    partition = Partition(SeriesReference("categorical", np.array([0, 0]), 0, 0))
    hours = np.tile([0, 100, 0, 0], (168, 1))
    hours[5] = 0

    shares, rows = partition.hourly_shares(hours)

    total = 167 * 100
    assert shares[0] == pytest.approx(np.array([0.5, total + 0.5, 1, 1]) / (total + 1))
    assert shares[5] == pytest.approx(shares[0])
    assert rows[0] == pytest.approx(100 * (1 + 1 / total))
    assert rows[5] == 1

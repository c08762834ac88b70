"""The splits of all series side by side: against each series and each hour by itself."""

from __future__ import annotations

import numpy as np
import pytest

from guards.drift.alarm.bank import Bank
from guards.drift.alarm.series import SeriesReference

RNG = np.random.default_rng(1)
PLAIN = SeriesReference("ordered", RNG.integers(50, 90, 5), 3, 0)
MANY = SeriesReference("categorical", RNG.integers(0, 9, 300), 3, 2)
EXCESS = np.linspace(0.01, 0, 16)
HOURS = RNG.integers(1, 9, (168, 5))
HOURS[100:] = 0
TAUGHT = SeriesReference("categorical", np.array([9, 9, 9]), 0, 0, HOURS, EXCESS)


def levels_of(vectors: list[np.ndarray]) -> np.ndarray:
    """Return the sums of vectors as if they were those of every level."""
    return np.tile(np.sum(vectors, axis=0), (16, 1))


def test_every_series_has_its_own_splits_and_counts() -> None:
    """What is counted of one series is found again, in its order of cells."""
    bank = Bank([PLAIN, MANY])
    counts = [RNG.integers(0, 50, 7), RNG.integers(0, 50, 302)]

    sums = levels_of([bank.vector(counts, 0), bank.vector(counts, 0)])
    observed = bank.observed(sums)

    for index, (partition, columns) in enumerate(zip(bank.partitions, bank.columns, strict=True)):
        expected = partition.successes(2 * counts[index])
        assert observed.successes[3, columns].tolist() == expected.tolist()
        assert observed.documents[3, index] == 2 * counts[index].sum()
        assert bank.counts(sums[3], index).tolist() == (2 * counts[index]).tolist()
        reference = (PLAIN, MANY)[index]
        assert observed.shares[0, columns] == pytest.approx(partition.shares(reference.counts))
        assert observed.rows[0, index] == pytest.approx(reference.counts.sum() + 1)


def test_excess_variance_makes_the_reference_smaller() -> None:
    """1/M at a level is 1/M plus the level's excess, of the series that has it."""
    excess = SeriesReference("ordered", PLAIN.cells, 3, 0, excess=EXCESS)
    bank = Bank([PLAIN, excess])

    rows = bank.observed(np.zeros((16, bank.width))).rows

    whole = PLAIN.counts.sum() + 1
    assert rows[:, 0] == pytest.approx(np.full(16, whole))
    assert 1 / rows[:, 1] == pytest.approx(1 / whole + EXCESS)


def test_hours_are_weighted_by_their_documents() -> None:
    """The expected share is Σ w p_h, and 1/M is Σ w²/M_h."""
    bank = Bank([PLAIN, TAUGHT])
    minutes = [(3, 20), (4, 10), (3, 30)]
    vectors = [
        bank.vector([np.zeros(7, dtype=np.int64), RNG.multinomial(n, np.full(5, 0.2))], hour)
        for hour, n in minutes
    ]

    observed = bank.observed(levels_of(vectors))

    shares, rows = bank.partitions[1].hourly_shares(HOURS)
    assert observed.shares[5, bank.columns[1]] == pytest.approx((5 * shares[3] + shares[4]) / 6)
    inverse = (25 / rows[3] + 1 / rows[4]) / 36
    assert 1 / observed.rows[:, 1] == pytest.approx(inverse + EXCESS)
    assert observed.rows[:, 0] == pytest.approx(np.full(16, PLAIN.counts.sum() + 1))


def test_hours_without_rows_know_nothing_together() -> None:
    """Many of them are not better known than one."""
    bank = Bank([TAUGHT])
    counts = np.array([10, 0, 0, 0, 0])

    observed = bank.observed(levels_of([bank.vector([counts], h) for h in range(100, 168)]))

    assert 1 / observed.rows[:, 0] == pytest.approx(1 + EXCESS)
    shares = bank.partitions[0].shares(TAUGHT.counts)
    assert observed.shares[0] == pytest.approx(shares)

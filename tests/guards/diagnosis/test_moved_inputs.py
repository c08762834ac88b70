"""Which inputs moved, against scipy where documents are independent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.cell_space import WatchedInput
from guards.diagnosis.moved_inputs import InputBlocks, discoveries, moved

COURT = WatchedInput("court", ("NDCA", "SDNY", "missing", "unknown"), numeric=False, coarse=False)
PAGES = WatchedInput(
    "pages", ("a", "b", "c", "d", "missing", "infinite"), numeric=True, coarse=False
)


def side(generator: np.random.Generator, shares: list[float], restless: float = 0.0) -> Blocks:
    """Return a hundred hours of documents in cells, each hour with a taste of its own."""
    cells = []
    for _ in range(100):
        taste = np.array(shares) * np.exp(restless * generator.normal(size=len(shares)))
        cells.append(generator.choice(len(shares), 50, p=taste / taste.sum()))
    every = np.concatenate(cells)
    return Blocks.of(np.repeat(np.arange(100), 50), np.ones(len(every)), every, len(shares))


def test_independent_documents_are_pearsons() -> None:
    """The design effect of such is one, give or take its noise."""
    generator = np.random.default_rng(2)
    good, bad = side(generator, [0.5, 0.4, 0.05, 0.05]), side(generator, [0.47, 0.43, 0.05, 0.05])
    table = np.array([good.total[0], bad.total[0]])
    theirs = stats.chi2_contingency(table, correction=False)
    ours = moved(InputBlocks(COURT, good, bad))
    assert stats.chi2.isf(ours.p_value, 3) == pytest.approx(theirs.statistic, rel=0.35)
    assert ours.metric == "js"
    before, now = (each.total[0] / each.total[0].sum() for each in (good, bad))
    assert ours.value == pytest.approx(float(jensenshannon(before, now, base=2)))


def test_restless_traffic_is_no_movement() -> None:
    """Hours of different mixes: of sixty pairs without a change hardly any is below .05."""
    generator = np.random.default_rng(3)
    shares = [0.5, 0.4, 0.05, 0.05]
    pairs = [(side(generator, shares, 0.5), side(generator, shares, 0.5)) for _ in range(60)]
    ours = [moved(InputBlocks(COURT, *pair)).p_value for pair in pairs]
    naive = [
        stats.chi2_contingency(np.array([good.total[0], bad.total[0]])).pvalue
        for good, bad in pairs
    ]
    assert sum(p < 0.05 for p in ours) <= 10
    assert sum(p < 0.05 for p in naive) >= 15


def test_numbers_are_compared_in_order_and_missing_values_apart() -> None:
    """The largest difference of cumulative shares of what is there, or of missing values."""
    generator = np.random.default_rng(4)
    good = side(generator, [0.25, 0.25, 0.25, 0.25, 0.0, 0.0])
    for bad, expected in (
        ([0.05, 0.25, 0.25, 0.45, 0.0, 0.0], 0.2),
        ([0.15, 0.15, 0.15, 0.15, 0.4, 0.0], 0.4),
    ):
        found = moved(InputBlocks(PAGES, good, side(generator, bad)))
        assert found.metric == "ks"
        assert found.value == pytest.approx(expected, abs=0.03)
        assert found.p_value < 1e-9


def test_a_cell_that_is_everywhere_empty_says_nothing() -> None:
    """Nor does an input of one cell."""
    alone = Blocks.of(np.arange(30), np.ones(30), np.zeros(30, dtype=np.int64), 4)
    found = moved(InputBlocks(COURT, alone, alone))
    assert (found.value, found.p_value) == (0.0, 1.0)


def test_discoveries_are_scipys() -> None:
    """By Benjamini and Yekutieli; none of nothing."""
    p_values = np.random.default_rng(5).beta(0.2, 1, 40).tolist()
    expected = stats.false_discovery_control(p_values, method="by") <= 0.05
    assert discoveries(p_values, 0.05).tolist() == expected.tolist()
    assert discoveries([], 0.05).tolist() == []

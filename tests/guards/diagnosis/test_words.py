"""Words that came and went: the log-odds ratio, and Fisher's test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from guards.diagnosis.moved_inputs import discoveries
from guards.diagnosis.words import log_odds_ratio, word_shifts


def test_the_ratio_is_that_of_the_paper() -> None:
    """Computed by hand, word by word."""
    first, second = np.array([50, 3, 20, 0]), np.array([45, 9, 18, 12])

    ratios, z = log_odds_ratio(first, second)

    prior = [0.1 * (one + other) for one, other in zip(first, second, strict=True)]
    for word in range(4):
        before, now = (
            math.log(
                (side[word] + prior[word]) / (sum(side) + sum(prior) - side[word] - prior[word])
            )
            for side in (first, second)
        )
        variance = 1 / (second[word] + prior[word]) + 1 / (first[word] + prior[word])
        assert ratios[word] == pytest.approx(now - before)
        assert z[word] == pytest.approx((now - before) / math.sqrt(variance))


def test_p_values_are_those_of_fisher() -> None:
    """Twice the smaller tail of scipy's exact test."""
    (came,) = word_shifts({"a": 3}, {"a": 11}, (40, 50), 5)

    table = np.array([[11, 39], [3, 37]])
    tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("greater", "less")]
    assert came.p_value == pytest.approx(2 * min(tails))


def test_a_word_that_came_and_one_that_went_are_found() -> None:
    """The sign says which, and no other word is a discovery."""
    usual = {f"word{number}": 50 for number in range(30)}
    shifts = word_shifts({**usual, "old": 30}, {**usual, "new": 30}, (100, 100), 5)

    found = discoveries([shift.p_value for shift in shifts], 0.05)
    signs = {
        shift.word: np.sign(shift.z) for shift, each in zip(shifts, found, strict=True) if each
    }
    assert signs == {"new": 1, "old": -1}


def test_words_of_few_documents_are_left_out() -> None:
    """They count for the sums, and are not named."""
    shifts = word_shifts({"rare": 2, "usual": 40}, {"rare": 2, "usual": 40}, (50, 50), 5)

    assert [shift.word for shift in shifts] == ["usual"]


def test_documents_without_words_have_no_shifts() -> None:
    """Nor do they fail; a single word has nothing to be compared with, and does not move."""
    assert word_shifts({}, {}, (5, 5), 5) == []
    (only,) = word_shifts({"only": 5}, {"only": 5}, (5, 5), 5)
    assert (only.z, only.p_value) == (0, 1)


def test_halves_of_the_same_documents_have_no_discovery() -> None:
    """Two samples of one distribution, at a false discovery rate of 5 %."""
    generator = np.random.default_rng(1)
    shares = generator.uniform(0.01, 0.9, size=300)
    sides = [generator.binomial(200, shares) for _ in range(2)]
    first, second = ({f"w{i}": int(n) for i, n in enumerate(side) if n} for side in sides)

    shifts = word_shifts(first, second, (200, 200), 5)

    assert not discoveries([shift.p_value for shift in shifts], 0.05).any()

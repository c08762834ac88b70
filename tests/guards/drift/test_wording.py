"""What whoever is on call reads: direction and values, and nothing that chance explains."""

from __future__ import annotations

import doctest
import math
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import iqr

import guards.drift.wording
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.wording import changes_in_words
from tests.guards.drift.sketching import sketched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RNG = np.random.default_rng(7)
LENGTHS = np.exp(RNG.normal(6, 1, 20_000)).round()
FORMS = ["invoice"] * 220 + ["letter"] * 500 + ["memo"] * 280


def numbers(
    training: Sequence[float] | NDArray[np.float64],
    window: Sequence[float] | NDArray[np.float64],
    *,
    private: bool = False,
) -> tuple[str, ...]:
    """Return what is said of a column ``x``."""
    reference = NumericReference.of(np.asarray(training, dtype=np.float64))
    snapshot = sketched([float(value) for value in window], reference)
    return changes_in_words("x", reference, snapshot, private=private)


def categories(
    training: Sequence[str], window: Sequence[str], *, private: bool = False
) -> tuple[str, ...]:
    """Return what is said of a column ``form``."""
    reference = CategoricalReference.of(training, ["invoice", "letter", "memo"], private=private)
    return changes_in_words("form", reference, sketched(window, reference))


def test_the_median_is_told() -> None:
    """As numpy has it, up to what the cells hide."""
    (sentence,) = numbers(LENGTHS, LENGTHS[:1000] * 1.4)
    match = re.fullmatch(r"x: median (\d+) → (\d+)", sentence)
    assert match is not None
    assert [float(text) for text in match.groups()] == [
        pytest.approx(np.median(LENGTHS), rel=0.02),
        pytest.approx(np.median(LENGTHS[:1000] * 1.4), rel=0.05),
    ]


def test_another_unit_is_told_with_the_means() -> None:
    """Beyond the range of training the cells do not say where the median is."""
    (sentence,) = numbers([100, 377, 654] * 100, [100_000, 377_000, 654_000] * 100)
    assert sentence == "x: mean 377 → 377,000, 100 % above the largest in training (654)"
    (sentence,) = numbers([100, 377, 654] * 100, [10, 37.7, 65.4] * 100)
    assert sentence == "x: mean 377 → 37.7, 100 % below the smallest in training (100)"


def test_a_wider_and_a_narrower_spread_are_told() -> None:
    """With medians that stay, it is all that is told; the figure is scipy's."""
    normal = RNG.normal(0, 1, 20_000)
    middle = normal[np.abs(normal) < 1.5]
    for window in (middle[:1000] * 1.6, normal[:1000] / 3):
        (sentence,) = numbers(normal, window)
        match = re.fullmatch(r"x: spread ([\d.]+)\N{MULTIPLICATION SIGN} as wide", sentence)
        assert match is not None
        assert float(match[1]) == pytest.approx(iqr(window) / iqr(normal), rel=0.05)


def test_another_shape_is_told_where_it_differs_most() -> None:
    """The median and the quartiles are what they were."""
    even = np.linspace(0, 1, 20_001)
    window = [
        *np.linspace(0, 0.05, 200),
        *np.linspace(0.051, 0.25, 50),
        *np.linspace(0.251, 1, 750),
    ]
    (sentence,) = numbers(even, window)
    match = re.fullmatch(r"x: (\d+) % → (\d+) % below ([\d.]+)", sentence)
    assert match is not None
    before, now, cut = map(float, match.groups())
    assert cut == pytest.approx(0.05, abs=1 / 32)
    assert before == pytest.approx(100 * cut, abs=1)
    assert now == pytest.approx(100 * np.mean(np.asarray(window) < cut), abs=2)
    scores = [1] * 200 + [2] * 600 + [3] * 200
    assert numbers(scores, [1] * 400 + [2] * 200 + [3] * 400) == ("x: 20 % → 40 % up to 1",)


def test_medians_that_differ_little_are_told_with_digits_enough() -> None:
    """Both would be 377."""
    (sentence,) = numbers(RNG.normal(377, 0.1, 20_000), RNG.normal(377.04, 0.1, 20_000))
    assert re.search(r"median 377(\.0\d*)? → 377\.\d+", sentence)


def test_values_outside_of_training_are_told() -> None:
    """Even where most values are what they were."""
    (sentence,) = numbers([1, 2, 3] * 1000, [1, 2, 3] * 300 + [-7] * 45 + [99] * 55)
    assert sentence == (
        "x: 6 % above the largest in training (3), 4 % below the smallest in training (1)"
    )


def test_a_spread_that_chance_may_have_widened_is_not_told() -> None:
    """Of sixty values, a fifth that lies elsewhere spreads the quartiles of all by a quarter."""
    window = [*np.linspace(0.01, 0.99, 47), *[2.0] * 13]
    assert numbers(np.linspace(0, 1, 20_001), window) == (
        "x: 22 % above the largest in training (1)",
    )


def test_missing_and_infinite_values_are_told() -> None:
    """As shares of all documents; the others are what they were."""
    assert numbers(LENGTHS, [math.nan] * 89 + [400.0] * 0) == ("x missing 100 %, none in training",)
    window = [*LENGTHS[1000:1600], *[math.inf] * 300, *[-math.inf] * 100]
    assert numbers(LENGTHS, window) == ("x infinite 40 %, none in training",)
    assert categories([*FORMS, *[""] * 6690], [*FORMS * 10, *[""] * 80_900]) == (
        "form missing 89 %, 87 % in training",
    )
    assert categories([*FORMS, *[""] * 500], FORMS) == ("form never missing, 33 % in training",)


def test_the_largest_moves_of_categories_are_told() -> None:
    """At most three, the largest first."""
    window = ["invoice"] * 590 + ["letter"] * 300 + ["memo"] * 110
    assert categories(FORMS, window) == (
        "form: invoice 22 % → 59 %, letter 50 % → 30 %, memo 28 % → 11 %",
    )
    many = [str(number) for number in range(10)]
    reference = CategoricalReference.of(many * 200, many)
    values = ["7"] * 500 + ["3"] * 300 + [each for each in many if each not in "37"] * 25
    assert changes_in_words("form", reference, sketched(values, reference)) == (
        "form: 7 10 % → 50 %, 3 10 % → 30 %, 0 10 % → 2 %",
    )


def test_shares_of_categories_are_of_documents_that_have_one() -> None:
    """Missing values are told once, and not again by what they take from each category."""
    assert categories(FORMS, [*FORMS, *[""] * 9000]) == ("form missing 90 %, none in training",)


def test_new_categories_are_named() -> None:
    """The three largest, and that there are more."""
    new = ["EDTX"] * 120 + ["NDTX"] * 90 + ["SDTX"] * 60 + ["a\nb"] * 40
    (sentence,) = categories(FORMS, [*FORMS[::10] * 7, *new])[:1]
    assert sentence == (
        "form: 31 % in categories that training did not have (EDTX 12 %, NDTX 9 %, SDTX 6 %, …)"
    )
    (sentence,) = categories(FORMS, [*FORMS, *["a\nb"] * 100])
    assert sentence == "form: 9 % in categories that training did not have (a\\nb 9 %)"
    known = [*FORMS, *["other"] * 250]
    assert "did not have (EDTX 50 %), 20 % before" in categories(known, FORMS + ["EDTX"] * 1000)[0]


def test_the_largest_difference_comes_first() -> None:
    """Whoever reads one sentence reads that one."""
    window = [*[""] * 300, *["invoice"] * 700]
    assert categories(FORMS, window) == (
        "form: invoice 22 % → 100 %, letter 50 % → none, memo 28 % → none",
        "form missing 30 %, none in training",
    )


def test_chance_is_not_told() -> None:
    """Of 400 windows without drift, nothing is said of nearly all."""
    said = [bool(numbers(LENGTHS, RNG.choice(LENGTHS, 200))) for _ in range(200)]
    said += [bool(categories(FORMS * 20, RNG.choice(FORMS, 200).tolist())) for _ in range(200)]
    assert sum(said) <= 2


@pytest.mark.parametrize("window", [[], [5.0], [400.0], [1e300], [math.nan]])
def test_of_one_document_or_none_nothing_is_said(window: list[float]) -> None:
    """There is nothing to say, and nothing to divide by."""
    assert numbers(LENGTHS, window) == ()


def test_a_constant_column() -> None:
    """It has one value; the same is no change, another is one."""
    assert numbers([5] * 1000, [5] * 100) == ()
    assert numbers([5] * 1000, [7] * 100) == (
        "x: mean 5 → 7, 100 % above the largest in training (5)",
    )


def test_a_training_without_values() -> None:
    """It says that there are values now, and does not compare them with nothing."""
    assert numbers([math.nan] * 100, [1.0] * 100) == ("x never missing, 100 % in training",)
    assert categories([""] * 100, FORMS) == ("form never missing, 100 % in training",)
    assert numbers([], [1.0] * 100) == ()
    assert categories([], FORMS) == ()


def test_sums_that_were_cut_off_give_no_mean() -> None:
    """The sketch counts a value of 1e300 as a smaller one, so that the mean is not told."""
    assert numbers(LENGTHS, [1e300] * 100) == (
        f"x: 100 % above the largest in training ({LENGTHS.max() // 100 * 100:,.0f})",
    )


def test_tiny_and_huge_numbers_are_told_with_their_powers_of_ten() -> None:
    """Their digits alone would fill the line, or be all zeros."""
    tiny = RNG.normal(0, 1e-9, 20_000)
    assert re.search(r"median -?[\d.]+e-\d+ → [\d.]+e-\d+", numbers(tiny, tiny[:5000] + 1e-9)[0])
    huge = 1e308 * RNG.uniform(-1.7, 1.7, 2000)
    assert re.search(r"median .* → 1e308", numbers(huge, [1e308] * 100)[0])
    ends = [-1.7e308] * 600 + [1.7e308] * 400
    assert numbers(ends, [-1.6e308] * 500 + [1.6e308] * 500) == ("x: median -1.7e308 → 0",)


def test_of_a_private_column_no_value_is_named() -> None:
    """Shares alone tell direction and size."""
    window = ["invoice"] * 590 + ["letter"] * 300 + ["memo"] * 110
    assert categories(FORMS, window, private=True) == (
        "form: one 22 % → 59 %, one 50 % → 30 %, one 28 % → 11 %",
    )
    assert categories(FORMS, [*FORMS, *["EDTX"] * 1000], private=True)[0] == (
        "form: 50 % in categories that training did not have"
    )
    public = CategoricalReference.of(FORMS, ["invoice", "letter", "memo"])
    snapshot = sketched([*FORMS, *["EDTX"] * 1000], public)
    assert "EDTX" not in "".join(changes_in_words("form", public, snapshot, private=True))
    shifted = LENGTHS[:1000] * 1.4
    (sentence,) = numbers(LENGTHS, shifted, private=True)
    below = np.mean(shifted < np.median(LENGTHS))
    assert sentence == f"x: 50 % → {100 * below:.0f} % below the median of training"
    assert numbers(LENGTHS, LENGTHS[:1000] * 1e9, private=True) == (
        "x: 100 % above the largest in training",
    )


@given(
    st.lists(st.floats(allow_infinity=True, allow_nan=True), max_size=60),
    st.lists(st.floats(allow_infinity=True, allow_nan=True), max_size=60),
    st.integers(1, 1000),
)
def test_any_numbers_can_be_told(training: list[float], window: list[float], times: int) -> None:
    """Nothing raises, no figure is NaN, and of a private column only shares are told."""
    said = numbers(training * times, window * times)
    assert not re.search(r"\bnan\b|\binf\b", " ".join(said))
    for sentence in numbers(training * times, window * times, private=True):
        shares = re.sub(r"[<>]? ?[\d.]+ %|[\d.e,-]+\N{MULTIPLICATION SIGN} as wide", "", sentence)
        assert not re.search(r"\d", shares)


def test_a_snapshot_over_other_cells_is_refused() -> None:
    """Its counts are of something else."""
    reference = NumericReference.of(LENGTHS)
    snapshot = sketched([], NumericReference.of(np.array([1.0, 2.0])))
    snapshot["counts"][0] = 1
    with pytest.raises(ValueError, match="cells of this reference"):
        changes_in_words("x", reference, snapshot)


def test_the_example_is_true() -> None:
    """What the docstring shows is what is returned."""
    assert doctest.testmod(guards.drift.wording).failed == 0

"""A change in three terms, against the definition, and where it is known to be one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.causes import MovedInput
from guards.diagnosis.cell_space import WatchedInput
from guards.diagnosis.moved_inputs import InputBlocks, Moved
from guards.diagnosis.samples import Sample
from guards.diagnosis.three_terms import ThreeTerms, terms_of, three_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

COURT = WatchedInput("court", ("NDCA", "SDNY", "EDTX", "CDIL"))
VALUES = (0.9, 0.7, 0.4, 0.6)


def sample(
    generator: np.random.Generator, shares: Sequence[float], values: Sequence[float] = VALUES
) -> Sample:
    """Return fifty hours of documents of four kinds, whose answers are right so often."""
    kinds = generator.choice(4, 10_000, p=shares)
    right = generator.random(10_000) < np.array(values)[kinds]
    return Sample(np.arange(10_000) // 200, right.astype(float), kinds[:, None].astype(np.int16))


def by_court(good: Sample, bad: Sample) -> ThreeTerms:
    """Return the terms of kinds that one input tells apart."""
    blocks = [Blocks.of(each.block, each.value) for each in (good, bad)]
    court = MovedInput(0, InputBlocks(COURT, *blocks), Moved("js", 0.2, 0.0))
    terms = three_terms(good, bad, [court], np.random.default_rng(1))
    assert terms is not None
    return terms


def test_the_terms_are_those_of_the_definition() -> None:
    """Each a difference of two means over kinds; the cells are invented."""
    generator = np.random.default_rng(2)
    documents = generator.integers(0, 60, (2, 7)).astype(float)
    documents[0, 2] = documents[1, 5] = 0
    means = generator.random((2, 7))
    sums = documents * means
    p, q = documents / documents.sum(axis=1, keepdims=True)
    s = p * q / (p + q)
    s /= s.sum()
    expected = (
        s @ means[0] - p @ means[0],
        s @ means[1] - s @ means[0],
        q @ means[1] - s @ means[1],
    )
    ours = terms_of((documents[0], sums[0]), (documents[1], sums[1]))
    assert ours == pytest.approx(expected)
    assert sum(ours) == pytest.approx(q @ means[1] - p @ means[0], abs=1e-15)


def test_easy_kinds_that_went_away_are_the_first_term() -> None:
    """The others are mixed among themselves as before."""
    generator = np.random.default_rng(3)
    terms = by_court(
        sample(generator, (0.5, 0.3, 0.2, 0.0)), sample(generator, (0.0, 0.6, 0.4, 0.0))
    )
    assert terms.known.change == pytest.approx(0.58 - 0.74, abs=0.015)
    assert terms.same.low < 0 < terms.same.high
    assert terms.unseen.low < 0 < terms.unseen.high


def test_what_changes_within_kinds_is_the_second_term() -> None:
    """Of documents that are mixed as before, fewer answers are right."""
    generator = np.random.default_rng(4)
    shares = (0.4, 0.3, 0.2, 0.1)
    terms = by_court(sample(generator, shares), sample(generator, shares, (0.7, 0.5, 0.2, 0.4)))
    assert terms.same.change == pytest.approx(-0.2, abs=0.02)
    assert terms.same.low < terms.same.change < terms.same.high < -0.15
    assert terms.known.change == pytest.approx(0, abs=0.01)
    assert terms.unseen.change == pytest.approx(0, abs=0.01)


def test_kinds_that_were_not_there_are_the_third_term() -> None:
    """The others are mixed among themselves as before, and answered as before."""
    generator = np.random.default_rng(5)
    terms = by_court(
        sample(generator, (0.5, 0.5, 0.0, 0.0)), sample(generator, (0.25, 0.25, 0.5, 0.0))
    )
    assert terms.unseen.change == pytest.approx(0.6 - 0.8, abs=0.015)
    assert terms.known.low < 0 < terms.known.high
    assert terms.same.low < 0 < terms.same.high


def test_another_mix_of_the_same_kinds_is_the_first_and_the_last_term() -> None:
    """What both periods share lies between them; where both are mirrored, half way."""
    generator = np.random.default_rng(6)
    terms = by_court(
        sample(generator, (0.7, 0.0, 0.3, 0.0)), sample(generator, (0.3, 0.0, 0.7, 0.0))
    )
    assert terms.known.change == pytest.approx(-0.1, abs=0.02)
    assert terms.unseen.change == pytest.approx(-0.1, abs=0.02)
    assert terms.same.low < 0 < terms.same.high


def test_they_add_up_to_the_change() -> None:
    """To the last digit, and documents without a cell are told to be left out."""
    generator = np.random.default_rng(7)
    good = sample(generator, (0.4, 0.3, 0.2, 0.1))
    bad = sample(generator, (0.1, 0.2, 0.3, 0.4), (0.8, 0.7, 0.3, 0.5))
    terms = by_court(good, bad)
    total = terms.known.change + terms.same.change + terms.unseen.change
    assert total == pytest.approx(bad.value.mean() - good.value.mean(), abs=1e-12)
    bad.cells[:4_000] = -1
    assert by_court(good, bad).documents == (10_000, 6_000)
    told = terms.to_json()
    assert told["inputs"] == ["court"]
    assert told["kinds"] == 4
    assert told["unseen_kinds"]["change"] == terms.unseen.change


def test_without_a_kind_in_common_all_are_unseen() -> None:
    """Then nothing tells how the documents of one period would have fared in the other."""
    generator = np.random.default_rng(8)
    good, bad = sample(generator, (1.0, 0, 0, 0)), sample(generator, (0, 0, 1.0, 0))
    terms = by_court(good, bad)
    assert (terms.known.change, terms.same.change) == (0, 0)
    assert terms.unseen.change == pytest.approx(bad.value.mean() - good.value.mean())


def test_intervals_are_those_of_hours() -> None:
    """A restless period has a wider one than the same documents in any order."""
    generator = np.random.default_rng(9)
    good, bad = (sample(generator, (0.5, 0.5, 0, 0)) for _ in range(2))
    taste = np.repeat(generator.random(50) < 0.5, 200)
    restless = Sample(bad.block, np.where(taste, 1.0, bad.value), bad.cells)
    order = generator.permutation(10_000)
    steady = Sample(bad.block, restless.value[order], bad.cells[order])
    wide, narrow = by_court(good, restless).same, by_court(good, steady).same
    assert wide.change == pytest.approx(narrow.change, abs=0.005)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_cells_that_nobody_tells_have_no_terms() -> None:
    """Where no document of a period has cells of the inputs."""
    generator = np.random.default_rng(10)
    good, bad = (sample(generator, (0.5, 0.5, 0, 0)) for _ in range(2))
    bad.cells[:] = -1
    blocks = [Blocks.of(each.block, each.value) for each in (good, bad)]
    court = MovedInput(0, InputBlocks(COURT, *blocks), Moved("js", 0.2, 0.0))
    assert three_terms(good, bad, [court], generator) is None

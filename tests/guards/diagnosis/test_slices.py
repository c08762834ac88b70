"""The few slices of documents that hold most of a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.diagnosis.cell_space import WatchedInput
from guards.diagnosis.samples import Sample
from guards.diagnosis.slices import Slice, find_slices

if TYPE_CHECKING:
    from collections.abc import Callable

    Drops = Callable[[np.ndarray], np.ndarray]

COLUMNS = 6
INPUTS = {at: WatchedInput(f"input_{at}", tuple("abcd")) for at in range(COLUMNS)}
ROWS = 9_600


def period(seed: int, drops: Drops | None = None, hard: float = 0.25) -> Sample:
    """Return 96 hours of documents; those in the first cell of the last input are harder."""
    generator = np.random.default_rng(seed)
    cells = generator.integers(0, 4, (ROWS, COLUMNS))
    cells[:, -1] = generator.random(ROWS) >= hard
    value = 0.9 - 0.3 * (cells[:, -1] == 0) + 0.1 * generator.normal(size=ROWS)
    if drops is not None:
        value -= drops(cells)
    return Sample(np.arange(ROWS) // 100, value, cells.astype(np.int16))


def found(bad: Sample, good: Sample | None = None) -> list[Slice]:
    """Return the slices between a good period and a bad one."""
    return find_slices(INPUTS, good or period(1), bad, np.random.default_rng(2))


def test_two_conditions_that_were_put_in_come_out() -> None:
    """And alone: neither condition by itself, and nothing with a third one."""

    def pair(cells: np.ndarray) -> np.ndarray:
        return np.where((cells[:, 1] == 2) & (cells[:, 3] == 0), 0.5, 0.0)

    (only,) = found(period(3, pair))
    assert only.where == (("input_1", "c"), ("input_3", "a"))
    assert only.share == pytest.approx(1 / 16, abs=0.01)
    assert only.holds.low < 1 < only.holds.high
    assert only.means[0] - only.means[1] == pytest.approx(0.5, abs=0.03)
    assert only.documents[1] == round(only.share * ROWS)


def test_one_condition_is_told_as_one() -> None:
    """A second condition that happens to help is none."""

    def single(cells: np.ndarray) -> np.ndarray:
        return np.where(cells[:, 2] == 1, 0.1, 0.0)

    (only,) = found(period(3, single))
    assert only.where == (("input_2", "b"),)


def test_several_slices_add_up() -> None:
    """Each is searched in what those before it left."""

    def several(cells: np.ndarray) -> np.ndarray:
        drop = 0.4 * ((cells[:, 1] == 2) & (cells[:, 3] == 0))
        return np.asarray(drop + 0.2 * (cells[:, 2] == 1))

    slices = found(period(3, several))
    assert [each.where for each in slices] == [
        (("input_1", "c"), ("input_3", "a")),
        (("input_2", "b"),),
    ]
    assert sum(each.holds.share for each in slices) == pytest.approx(1, abs=0.05)


def test_a_change_of_everything_is_in_no_slice() -> None:
    """The largest part of the documents holds most, and tells nothing."""
    assert found(period(3, lambda cells: np.full(len(cells), 0.1))) == []


def test_another_mix_is_in_no_slice() -> None:
    """More hard documents, each as it was: no slice fell."""
    assert found(period(3, hard=0.5)) == []


def test_chance_is_in_no_slice() -> None:
    """Of periods that are alike, though hundreds of slices were looked at."""
    assert [each for seed in range(10, 15) for each in found(period(seed))] == []


def test_few_documents_are_no_slice() -> None:
    """Whatever happened to them, and to those that have no cell of the input."""

    def rare(sample: Sample) -> Sample:
        cells = sample.cells.copy()
        cells[:, 1] = np.where(np.arange(ROWS) < 2_000, -1, 0)
        cells[::400, 1] = 3
        value = sample.value - 0.5 * (cells[:, 1] == 3) - 0.2 * (cells[:, 1] < 0)
        return Sample(sample.block, value, cells)

    good = rare(period(1))
    good.value[:] = period(1).value
    assert not any(
        cell in {"c", "d"} for each in found(rare(period(3)), good) for _, cell in each.where
    )


def test_no_change_has_no_slices() -> None:
    """Nothing is held of nothing."""
    assert found(period(1)) == []


def test_a_slice_as_json() -> None:
    """Its conditions by name, and what it holds with the interval."""
    (only,) = found(period(3, lambda cells: 0.1 * (cells[:, 2] == 1)))
    told = only.to_json()
    assert told["where"] == [{"input": "input_2", "cell": "b"}]
    assert told["holds"]["interval"] == [only.holds.low, only.holds.high]

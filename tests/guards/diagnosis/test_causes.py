"""The inputs that hold a change, of samples in which two of them moved."""

from __future__ import annotations

import numpy as np
import pytest

from guards.diagnosis.causes import MovedInput, input_causes, moved_inputs
from guards.diagnosis.cell_space import CLASS, WatchedInput
from guards.diagnosis.findings import input_finding
from guards.diagnosis.moved_inputs import InputBlocks
from guards.diagnosis.samples import Sample

ROWS = 4_000
SENDERS = ("bank", "court", "missing", "outside")
EFFECTS = 0.9, 0.6
"""The value of each class; an unknown sender takes a tenth off."""


def sample(generator: np.random.Generator, shares: list[float], renamed: float) -> Sample:
    """Return documents whose sender is mostly told by their class; some are renamed."""
    classes = generator.choice(2, ROWS, p=shares)
    unknown = (classes == 0) & (generator.random(ROWS) < renamed)
    usual = np.where(generator.random(ROWS) < 0.8, classes, 1 - classes)
    senders = np.where(unknown, 3, usual)
    value = np.array(EFFECTS)[classes] - 0.1 * unknown + 0.01 * generator.normal(size=ROWS)
    cells = np.column_stack([classes, senders]).astype(np.int16)
    return Sample(np.arange(ROWS) // 100, value, cells)


def moved(good: Sample, bad: Sample) -> list[MovedInput]:
    """Return both inputs, which moved."""
    watched = WatchedInput(CLASS, ("a", "b", "missing", "outside")), WatchedInput("sender", SENDERS)
    return moved_inputs(
        [
            (column, InputBlocks(each, good.blocks(column, 4), bad.blocks(column, 4)))
            for column, each in enumerate(watched)
        ]
    )


@pytest.fixture(scope="module")
def sides() -> tuple[Sample, Sample]:
    """Return documents of which more are of the second class, and some of the first renamed."""
    generator = np.random.default_rng(1)
    return sample(generator, [0.8, 0.2], 0.0), sample(generator, [0.3, 0.7], 0.5)


def test_what_happened_to_an_input_is_told_besides_those_before_it(
    sides: tuple[Sample, Sample],
) -> None:
    """Of the sender most of what moved is the mix of classes; the rest is a new name."""
    causes = input_causes(moved(*sides), *sides, 1.0, np.random.default_rng(2))
    assert [cause.moved.input.name for cause in causes] == [CLASS, "sender"]
    assert [input_finding(cause).code for cause in causes] == ["class_mix", "unknown_categories"]
    before, now = causes[1].shares
    np.testing.assert_allclose(before, [0.68, 0.32, 0, 0], atol=0.03)
    np.testing.assert_allclose(now, [0.36, 0.24, 0, 0.4], atol=0.03)


@pytest.mark.parametrize("part", [0.5, 2.0])
def test_shares_are_of_all_of_a_change(sides: tuple[Sample, Sample], part: float) -> None:
    """What inputs restore of a part of it is that part of what they restore."""
    whole = input_causes(moved(*sides), *sides, 1.0, np.random.default_rng(2))
    found = input_causes(moved(*sides), *sides, part, np.random.default_rng(2))
    shares = [(cause.restores.share, cause.restores.low, cause.alone) for cause in found]
    expected = [
        (part * cause.restores.share, part * cause.restores.low, part * cause.alone)
        for cause in whole
    ]
    np.testing.assert_allclose(shares, expected[: len(shares)])


@pytest.mark.parametrize("part", [0.01, 0.0, -1.0])
def test_what_inputs_hold_less_than_a_twentieth_of_is_not_theirs(
    sides: tuple[Sample, Sample], part: float
) -> None:
    """Nor what they made better."""
    assert input_causes(moved(*sides), *sides, part, np.random.default_rng(2)) == []

"""When something began."""

from __future__ import annotations

import numpy as np
import pytest

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.onset import change_point, onset


def cells(generator: np.random.Generator, hours: range, shares: list[float]) -> Blocks:
    """Return forty documents an hour."""
    found = generator.choice(len(shares), 40 * len(hours), p=shares)
    return Blocks.of(np.repeat(list(hours), 40), np.ones(len(found)), found, len(shares))


@pytest.mark.parametrize("late", [0, 10, 30])
def test_it_begins_when_the_cells_change(late: int) -> None:
    """Also where the bad period begins earlier than what made it bad."""
    generator = np.random.default_rng(2)
    good = cells(generator, range(100), [0.9, 0.1])
    calm = cells(generator, range(100, 100 + late), [0.9, 0.1])
    moved = cells(generator, range(100 + late, 150), [0.5, 0.5])
    bad = Blocks(*(np.concatenate(both) for both in zip(_parts(calm), _parts(moved), strict=True)))
    assert abs(onset(good, bad) - (100 + late)) <= 1


def _parts(blocks: Blocks) -> tuple[np.ndarray, ...]:
    return blocks.names, blocks.documents, blocks.sums


def means(generator: np.random.Generator, *parts: tuple[int, float]) -> Blocks:
    """Return restless hours of parts with a length and a mean."""
    hourly = np.concatenate([mean + 0.02 * generator.normal(size=n) for n, mean in parts])
    block = np.repeat(np.arange(len(hourly)) + 500, 30)
    return Blocks.of(block, np.repeat(hourly, 30))


def test_a_log_divides_where_the_mean_falls() -> None:
    """To the hour, and beyond chance."""
    found = change_point(
        means(np.random.default_rng(3), (100, 0.8), (60, 0.7)), np.random.default_rng(1)
    )
    assert found is not None
    assert abs(found[0] - 600) <= 1
    assert found[1] == pytest.approx(1 / 1001)


def test_a_steady_log_divides_by_chance() -> None:
    """Of sixty logs without a change hardly any is below .05, although the place is chosen."""
    generator = np.random.default_rng(4)
    found = [change_point(means(generator, (80, 0.8)), np.random.default_rng(n)) for n in range(60)]
    assert sum(each is not None and each[1] <= 0.05 for each in found) <= 8


def test_few_hours_do_not_divide() -> None:
    """A day is not enough to tell what an hour does by chance."""
    assert (
        change_point(means(np.random.default_rng(5), (10, 0.8), (9, 0.2)), np.random.default_rng(1))
        is None
    )

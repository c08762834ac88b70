"""What inputs restore together, shared among six groups of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from guards.diagnosis.blocks import Blocks
from guards.diagnosis.causes import MovedInput
from guards.diagnosis.cell_space import WatchedInput
from guards.diagnosis.group_shares import GROUPS, group_shares, shapley_values
from guards.diagnosis.moved_inputs import InputBlocks, moved
from guards.diagnosis.restoring import restored_share
from guards.diagnosis.samples import Sample

ROWS = 4_800
INPUTS = (
    WatchedInput("text.tokens", ("short", "long", "missing", "infinite"), numeric=True),
    WatchedInput("pages", ("few", "many", "missing", "infinite"), numeric=True),
    WatchedInput("amount", ("small", "large", "missing", "infinite"), numeric=True),
    WatchedInput("court", ("NDCA", "SDNY", "missing", "unknown")),
    WatchedInput("champion.label", ("a", "b", "missing", "unknown")),
    WatchedInput("replica", ("r1", "r2", "others", "none"), traffic=True),
)
CAME = (1, 1, 2, 3, 1, 1)
"""The cell of each input that comes more often in the bad period."""


def period(seed: int, share: float) -> Sample:
    """Return documents in whose inputs the cell that comes has this share, and is harder."""
    generator = np.random.default_rng(seed)
    came = generator.random((ROWS, len(INPUTS))) < share
    cells = np.where(came, CAME, 0)
    # Two inputs are worse together than each by itself.
    value = 0.9 - 0.05 * came.sum(axis=1) - 0.1 * (came[:, 1] & came[:, 3])
    return Sample(np.arange(ROWS) // 100, value, cells.astype(np.int16))


def moved_inputs(good: Sample, bad: Sample) -> list[MovedInput]:
    """Return all inputs as those that moved."""
    found = []
    for column, each in enumerate(INPUTS):
        sides = [
            Blocks.of(side.block, side.value, side.cells[:, column].astype(np.int64), 4)
            for side in (good, bad)
        ]
        blocks = InputBlocks(each, sides[0], sides[1])
        found.append(MovedInput(column, blocks, moved(blocks)))
    return found


def test_the_shares_add_up_to_what_all_restore() -> None:
    """Of all six groups, over all 64 coalitions; each input is in the group of what happened."""
    good, bad = period(1, 0.2), period(2, 0.6)
    found = group_shares(moved_inputs(good, bad), good, bad)
    assert {each.group: each.inputs for each in found} == {
        "texts": ("text.tokens",),
        "numbers": ("pages",),
        "categories": ("court",),
        "missing values": ("amount",),
        "classes": ("champion.label",),
        "sources": ("replica",),
    }
    together = restored_share(good, bad, list(range(len(INPUTS))), [])
    assert sum(each.share for each in found) == pytest.approx(together, abs=1e-12)
    assert together == pytest.approx(1, abs=0.05)
    shares = {each.group: each.share for each in found}
    assert min(shares["numbers"], shares["categories"]) > shares["texts"] > 0.05


def test_a_group_without_inputs_has_nothing() -> None:
    """All of what one input restores is its own."""
    good, bad = period(1, 0.2), period(2, 0.6)
    (court,) = (each for each in moved_inputs(good, bad) if each.input.name == "court")
    found = group_shares([court], good, bad)
    assert [each.group for each in found] == list(GROUPS)
    shares = {each.group: each.share for each in found if each.inputs}
    assert shares == {"categories": restored_share(good, bad, [court.column], [])}
    assert sum(each.share for each in found) == shares["categories"]


def test_nothing_that_moved_restores_nothing() -> None:
    """The six groups are told all the same."""
    good, bad = period(1, 0.2), period(2, 0.6)
    assert [each.share for each in group_shares([], good, bad)] == [0.0] * len(GROUPS)


def test_shapley_values_are_the_mean_over_all_orders() -> None:
    """Of any coalitions, by adding one player after the other."""
    values = np.random.default_rng(3).random(16)
    values[0] = 0
    totals = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        coalition = 0
        for player in order:
            totals[player] += values[coalition | 1 << player] - values[coalition]
            coalition |= 1 << player
    assert shapley_values(values.tolist()) == pytest.approx(totals / len(orders))
    assert sum(shapley_values(values.tolist())) == pytest.approx(values[-1])
    assert shapley_values([0.0]) == []

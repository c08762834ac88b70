"""Which rows share a batch."""

from __future__ import annotations

import numpy as np
import pytest

from artifacts.training.batches import SimilarLengths

LENGTHS = np.random.default_rng(3).integers(4, 128, size=101)


def batches(epoch: int, seed: int = 0, size: int = 16) -> list[list[int]]:
    """Return the batches of an epoch."""
    sampler = SimilarLengths(LENGTHS, size, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("size", [1, 16, 101, 500])
def test_every_row_is_in_one_batch_of_an_epoch(size: int) -> None:
    """No row is left out or seen twice, and as many batches come as are announced."""
    made = batches(epoch=2, size=size)

    assert sorted(row for batch in made for row in batch) == list(range(101))
    assert len(made) == len(SimilarLengths(LENGTHS, size, 0))


def test_rows_of_a_batch_are_about_as_long() -> None:
    """Padding to the longest of a batch adds little, where that of a random batch adds half."""
    padded = sum(len(batch) * LENGTHS[batch].max() for batch in batches(epoch=0))

    assert padded < 1.2 * LENGTHS.sum()


def test_order_depends_on_seed_and_epoch_alone() -> None:
    """An epoch has the same batches whether or not others came before it in this process."""
    sampler = SimilarLengths(LENGTHS, 16, 0)
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        in_turn = list(sampler)

    assert in_turn == batches(epoch=1)
    assert in_turn != batches(epoch=0)
    assert in_turn != batches(epoch=1, seed=1)

"""When something began, and where a log divides into a good and a bad period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.diagnosis.blocks import Blocks

    Floats = NDArray[np.float64]

__all__ = ["change_point", "onset"]

_MIN_BLOCKS = 20
_PERMUTATIONS = 1_000
_MIN_SIDE = 0.1
_SMALLEST = 1e-4


def onset(good: Blocks, bad: Blocks) -> int:
    """Return the number of the block from which on the cells are those of the bad period.

    Each block says by the likelihood ratio of its documents which of both it resembles; the change
    is where the sum up to it is smallest (Page 1954).
    """
    shares = []
    for side in (good, bad):
        documents, _ = side.total
        shares.append(documents / documents.sum() + _SMALLEST)
    ratio = np.log(shares[1] / shares[0])
    names = np.concatenate([good.names, bad.names])
    scores = np.concatenate([good.documents @ ratio, bad.documents @ ratio])
    in_order = np.argsort(names, kind="stable")
    up_to = np.concatenate([[0.0], np.cumsum(scores[in_order])])
    at = min(int(np.argmin(up_to)), len(names) - 1)
    return int(names[in_order][at])


def change_point(blocks: Blocks, generator: np.random.Generator) -> tuple[int, float] | None:
    """Return the block where the mean changes most, and how often chance would do as much.

    The statistic is the largest standardised sum of deviations from the mean (CUSUM), over all
    places with a tenth of the blocks on each side; chance is the order of the blocks, permuted.
    None with fewer than 20 blocks.
    """
    count = len(blocks)
    if count < _MIN_BLOCKS:
        return None
    deviations = (blocks.sums - blocks.mean * blocks.documents).sum(axis=1)
    statistic = _statistics(deviations)
    best = int(np.argmax(statistic))
    permuted = generator.permuted(np.tile(deviations, (_PERMUTATIONS, 1)), axis=1)
    by_chance = _statistics(permuted).max(axis=1)
    p_value = (1 + np.sum(by_chance >= statistic[best])) / (1 + _PERMUTATIONS)
    return int(blocks.names[_first(count) + best]), float(p_value)


def _statistics(deviations: Floats) -> Floats:
    """Return the statistic of each place where a second part may begin, along the last axis."""
    count = deviations.shape[-1]
    first = _first(count)
    before = np.arange(first, count - first + 1) / count
    sums = np.cumsum(deviations, axis=-1)[..., first - 1 : count - first]
    return np.asarray(np.abs(sums) / np.sqrt(before * (1 - before)))


def _first(count: int) -> int:
    return max(int(count * _MIN_SIDE), 1)

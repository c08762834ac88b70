"""Could chance do it: a change of a mean, held against the good period's own variation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import Blocks, draws, interval

if TYPE_CHECKING:
    from guards.json_types import JsonObject

__all__ = ["MIN_BLOCKS", "Change", "change_of"]

MIN_BLOCKS = 20
"""The variation of fewer blocks says nothing about how far their mean may be off."""

_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """How a mean changed, with a 95 % interval, and how often chance would do as much.

    ``p_value`` is None where the good period has too few blocks to tell.
    """

    before: float
    now: float
    low: float
    high: float
    p_value: float | None
    blocks: int

    @property
    def size(self) -> float:
        """The change itself."""
        return self.now - self.before

    def could_be_chance(self, alpha: float) -> bool:
        """Return whether chance would do as much more often than ``alpha``; False if unknown."""
        return self.p_value is not None and self.p_value > alpha

    def to_json(self) -> JsonObject:
        """Return the change as plain JSON."""
        return {
            "good": self.before,
            "bad": self.now,
            "change": self.size,
            "interval": [self.low, self.high],
            "p_value": self.p_value,
            "blocks": self.blocks,
        }


def change_of(good: Blocks, bad: Blocks, generator: np.random.Generator) -> Change:
    """Return the change of the mean from good to bad blocks, each over cells of any number.

    The p-value compares it with the difference of two samples of the good period's own blocks, of
    as many as each period has: had nothing changed, both periods would be such samples. Deviations
    are widened by √(k / (k - 1)), because k blocks vary less around their own mean than around that
    of all there could be (Davison and Hinkley 1997, section 2.3).
    """
    size = bad.mean - good.mean
    before, now = (_means(blocks, len(blocks), generator) for blocks in (good, bad))
    low, high = interval(now - before)
    p_value = None
    if len(good) >= MIN_BLOCKS:
        widened = np.sqrt(len(good) / (len(good) - 1))
        alike = _means(good, len(bad), generator) - _means(good, len(good), generator)
        p_value = float((1 + np.sum(np.abs(alike) * widened >= abs(size))) / (1 + _DRAWS))
    return Change(good.mean, bad.mean, low, high, p_value, len(good))


def _means(blocks: Blocks, size: int, generator: np.random.Generator) -> np.ndarray:
    weights = draws(len(blocks), size, _DRAWS, generator)
    documents, sums = blocks.resampled(weights)
    return np.asarray(sums.sum(axis=1) / documents.sum(axis=1))

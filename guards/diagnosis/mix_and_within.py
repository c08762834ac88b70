"""How much of a change is another mix of an input's cells, and how much a change within them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.diagnosis.blocks import draws, interval
from guards.diagnosis.three_terms import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.diagnosis.blocks import Blocks
    from guards.diagnosis.moved_inputs import InputBlocks
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]

__all__ = ["MixAndWithin", "mix_and_within"]

_REPLICATES = 200


class MixAndWithin(NamedTuple):
    """The two parts of the change over an input: they add up to the change of its documents."""

    input: str
    mix: Term
    within: Term

    def to_json(self) -> JsonObject:
        """Return both parts as plain JSON."""
        return {"input": self.input, "mix": self.mix.to_json(), "within": self.within.to_json()}


def mix_and_within(blocks: InputBlocks, generator: np.random.Generator) -> MixAndWithin:
    """Split the change of the mean over an input.

    With shares p and means c of the cells, the mix holds Σ (p_bad - p_good)·(c_bad + c_good)/2, and
    changes within cells Σ (c_bad - c_good)·(p_bad + p_good)/2 (Kitagawa 1955, equation 2). Nothing
    changed within a cell that is empty in one period: it has the mean of the other one in both. The
    intervals are those of samples of whole blocks.
    """
    sides = (blocks.good, blocks.bad)
    mix, within = _split(*(_whole(side) for side in sides))
    samples = _split(*(_resampled(side, generator) for side in sides))
    parts = [
        Term(float(part[0]), *interval(sample))
        for part, sample in zip((mix, within), samples, strict=True)
    ]
    return MixAndWithin(blocks.input.name, *parts)


def _whole(side: Blocks) -> tuple[Floats, Floats]:
    return side.resampled(np.ones((1, len(side))))


def _resampled(side: Blocks, generator: np.random.Generator) -> tuple[Floats, Floats]:
    return side.resampled(draws(len(side), len(side), _REPLICATES, generator))


def _split(good: tuple[Floats, Floats], bad: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Return both parts, float64 [draws], of documents and sums, float64 [draws, cells]."""
    shares, means = [], []
    for documents, sums in (good, bad):
        shares.append(documents / documents.sum(axis=1, keepdims=True))
        means.append(sums / np.where(documents > 0, documents, 1))
    before, now = (
        np.where(share > 0, mean, other)
        for share, mean, other in zip(shares, means, reversed(means), strict=True)
    )
    mix = ((shares[1] - shares[0]) * (now + before)).sum(axis=1) / 2
    within = ((now - before) * (shares[1] + shares[0])).sum(axis=1) / 2
    return mix, within

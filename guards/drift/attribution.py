"""How much of a change of confidence a feature explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["explained_share", "mix_and_within"]

_TWO_SIDED = 1.96


def mix_and_within(
    reference: tuple[Ints, Ints], window: tuple[Ints, Ints]
) -> tuple[float, float] | None:
    """Split the change of the mean confidence in what the mix explains, and the rest.

    Each side is the documents and the sums of confidence by cell, both int64 [cells]. With shares p
    and means c of the cells, the mix explains Σ (p_w - p_r)·(c_w + c_r)/2 and changes within cells
    Σ (c_w - c_r)·(p_w + p_r)/2, which add up to the change (Kitagawa 1955, equation 2). A cell that
    is empty on one side takes that side's overall mean. The unit is that of the sums. None where a
    side has no document.
    """
    sides = []
    for documents, confidence in (reference, window):
        total = documents.sum()
        if not total:
            return None
        means = np.where(
            documents > 0, confidence / np.maximum(documents, 1), confidence.sum() / total
        )
        sides.append((documents / total, means))
    (before, mean_before), (now, mean_now) = sides
    mix = float((now - before) @ (mean_now + mean_before)) / 2
    within = float((mean_now - mean_before) @ (now + before)) / 2
    return mix, within


def explained_share(
    reference: tuple[Ints, Ints], window: tuple[Ints, Ints], deviation: float
) -> float | None:
    """Return the share of the change of the mean confidence that the mix of cells explains.

    ``deviation`` is the standard deviation of one confidence. None where the change lies within its
    95 % interval: a share of nothing says nothing. It may be negative, or above 1.
    """
    split = mix_and_within(reference, window)
    if split is None:
        return None
    change = sum(split)
    noise = 1 / reference[0].sum() + 1 / window[0].sum()
    if abs(change) <= _TWO_SIDED * deviation * np.sqrt(noise):
        return None
    return split[0] / change

"""Which inputs moved between two periods, beyond what their own variation does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.blocks import Blocks
    from guards.diagnosis.cell_space import WatchedInput
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]

__all__ = ["InputBlocks", "Moved", "discoveries", "distance", "moved"]

_MIN_EXPECTED = 5.0


@dataclass(frozen=True, slots=True)
class InputBlocks:
    """One input in both periods: documents and sums of confidence by block and cell."""

    input: WatchedInput
    good: Blocks
    bad: Blocks

    @property
    def shares(self) -> tuple[Floats, Floats]:
        """The share of each cell, good and bad, float64 [cells]."""
        (good, _), (bad, _) = self.good.total, self.bad.total
        return good / good.sum(), bad / bad.sum()


@dataclass(frozen=True, slots=True)
class Moved:
    """How far an input moved.

    ``metric`` is ``ks`` for numbers, the largest difference of the shares below a cell among those
    with a number, or of the missing ones where that is larger; ``js`` for categories, the
    Jensen-Shannon distance (base 2). ``p_value`` is that of ``moved``.
    """

    metric: str
    value: float
    p_value: float

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {"metric": self.metric, "value": self.value, "p_value": self.p_value}


def moved(blocks: InputBlocks) -> Moved:
    """Return how far an input moved, and how often chance would move it as far.

    The p-value is that of Pearson's chi-squared, divided by the average design effect of the cells:
    how many times more the shares vary from block to block than those of independent documents
    would (Rao and Scott 1981, first-order correction).
    """
    return Moved(*distance(blocks.input, *blocks.shares), _p_value(blocks))


def distance(watched: WatchedInput, good: Floats, bad: Floats) -> tuple[str, float]:
    """Return the metric of an input, and how far its shares, float64 [cells], are apart."""
    if watched.numeric and not watched.coarse:
        return "ks", _ks(good, bad)
    return "js", _js(good, bad)


def discoveries(p_values: Sequence[float], rate: float) -> NDArray[np.bool_]:
    """Return which p-values are discoveries at a false discovery rate, bool [values].

    Benjamini and Yekutieli (2001), because features of the same documents depend on each other in
    any way.
    """
    if not p_values:
        return np.zeros(0, dtype=np.bool_)
    adjusted = stats.false_discovery_control(p_values, method="by")
    return np.asarray(adjusted <= rate)


def _ks(good: Floats, bad: Floats) -> float:
    distances = [abs(good[-2] - bad[-2])]
    values_good, values_bad = good[:-2].sum(), bad[:-2].sum()
    if values_good and values_bad:
        below = np.cumsum(good[:-2]) / values_good - np.cumsum(bad[:-2]) / values_bad
        distances.append(np.abs(below).max())
    return float(max(distances))


def _js(good: Floats, bad: Floats) -> float:
    middle = (good + bad) / 2
    halves = [stats.entropy(side, middle, base=2) / 2 for side in (good, bad)]
    return float(np.sqrt(max(sum(halves), 0.0)))


def _p_value(blocks: InputBlocks) -> float:
    """Return the p-value of Rao and Scott; 1 where there is one cell."""
    good, bad = (_columns(side.documents, blocks) for side in (blocks.good, blocks.bad))
    if good.shape[1] < 2:  # noqa: PLR2004 (cells, which cannot differ)
        return 1.0
    table = np.array([good.sum(axis=0), bad.sum(axis=0)])
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    effects = [_design_effects(side) for side in (good, bad)]
    weights = [len(side) for side in (good, bad)]
    effect = max(
        1.0, float(np.average(np.concatenate(effects), weights=np.repeat(weights, good.shape[1])))
    )
    return float(stats.chi2.sf(statistic / effect, good.shape[1] - 1))


def _columns(documents: Floats, blocks: InputBlocks) -> Floats:
    """Return the documents of cells that are not nearly empty; the others are one column."""
    total = blocks.good.total[0] + blocks.bad.total[0]
    smallest = min(blocks.good.documents.sum(), blocks.bad.documents.sum()) / total.sum()
    few = total * smallest < _MIN_EXPECTED
    kept = documents[:, ~few]
    rest = documents[:, few].sum(axis=1, keepdims=True)
    return np.hstack([kept, rest]) if total[few].sum() * smallest >= _MIN_EXPECTED else kept


def _design_effects(documents: Floats) -> Floats:
    """Return how many times more each share varies over blocks than over documents.

    The variance of a ratio over blocks (Cochran 1977, section 2.11), divided by that of a share of
    independent documents.
    """
    blocks, total = len(documents), documents.sum()
    sizes = documents.sum(axis=1)
    shares = documents.sum(axis=0) / total
    if blocks < 2:  # noqa: PLR2004 (no variation)
        return np.ones_like(shares)
    deviations = documents - sizes[:, None] * shares
    variance = blocks / (blocks - 1) * (deviations**2).sum(axis=0) / total**2
    independent = np.maximum(shares * (1 - shares) / total, np.finfo(float).tiny)
    return np.where(shares * (1 - shares) > 0, variance / independent, 1.0)

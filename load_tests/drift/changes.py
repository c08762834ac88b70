"""Changes that a rule should find: the shares of a series before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import beta, norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["CHANGES", "Change", "category", "numeric"]

_BINS = 32
_EDGES = np.linspace(0, 1, _BINS + 1)
_SHARE = 0.2
_OTHERS = 8
_CONFIDENCE = beta(9, 1)


@dataclass(frozen=True, slots=True)
class Change:
    """Shares of ``[*cells, missing, outside]`` before and after a change, float64 [cells + 2].

    ``positions`` are where the cells lie, in reference standard deviations; None for categories.
    """

    name: str
    kind: Literal["ordered", "categorical"]
    before: Floats
    after: Floats
    positions: Floats | None = None


def category(share: float, more: float) -> Change:
    """Return a change in which a category's share grows at the cost of eight equal others."""
    before, after = (
        np.array([value, *[(1 - value) / _OTHERS] * _OTHERS, 0, 0])
        for value in (share, share + more)
    )
    return Change(f"category +{100 * more:.3g} points", "categorical", before, after)


def _of_documents(name: str, index: int, share: float) -> Change:
    """Return a change in which a share of the documents turns missing or outside."""
    before = np.array([*[1 / (_OTHERS + 1)] * (_OTHERS + 1), 0, 0])
    after = before * (1 - share)
    after[index] += share
    return Change(name, "categorical", before, after)


def numeric(deviations: float) -> Change:
    """Return a shift of a normal distribution, seen in 32 bins of equal shares."""
    after = np.diff(norm.cdf(norm.ppf(_EDGES) - deviations))
    return _ordered(f"numeric {deviations:.3g} SD", after, _middles(norm.ppf))


def _confidence() -> Change:
    """Return confidences of Beta(9, 1), each of which falls by .02."""
    after = np.diff(_CONFIDENCE.cdf(_CONFIDENCE.ppf(_EDGES) + 0.02))
    after[0] += 1 - after.sum()
    mean, deviation = _CONFIDENCE.mean(), _CONFIDENCE.std()
    positions = (_middles(_CONFIDENCE.ppf) - mean) / deviation
    return _ordered("confidence -.02", after, positions)


def _middles(quantile: Callable[[Floats], Floats]) -> Floats:
    return np.asarray(quantile((_EDGES[:-1] + _EDGES[1:]) / 2))


def _ordered(name: str, after: Floats, positions: Floats) -> Change:
    before = np.full(_BINS, 1 / _BINS)
    return Change(name, "ordered", np.append(before, [0, 0]), np.append(after, [0, 0]), positions)


CHANGES = (
    category(_SHARE, 0.05),
    category(_SHARE, 0.1),
    *(numeric(deviations) for deviations in (0.1, 0.2, 0.5)),
    _of_documents("new category 1 %", -1, 0.01),
    _of_documents("missing 2 %", -2, 0.02),
    _confidence(),
)

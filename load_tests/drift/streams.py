"""Series without drift: their true shares, a sampled reference of each, and minutes of counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.alarm.series import SeriesReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["DAY", "Series", "categorical", "days_of", "fixed_bins", "quantile_bins", "thirty"]

DAY = 1440
"""Minutes, each one window."""

_BINS = 32
_MISSING = 0.02


@dataclass(frozen=True, slots=True)
class Series:
    """The true shares of ``[*cells, missing, outside]``, and the reference that was sampled."""

    shares: Floats
    reference: SeriesReference


def thirty(rows: int, rng: np.random.Generator) -> dict[str, Series]:
    """Return 20 numeric series and 10 categorical ones with references of so many ``rows``.

    Half of the numeric ones have bins between fixed edges, and half between order statistics of the
    reference's own rows. Half have missing values.
    """
    series = {}
    for index in range(20):
        make = quantile_bins if index % 2 else fixed_bins
        series[f"numeric {index}"] = make(rows, _MISSING * (index % 4 > 1), rng)
    for index in range(10):
        levels = int(rng.integers(8, 31))
        shares = rng.dirichlet(np.ones(levels)) * (1 - _MISSING * (index % 2))
        series[f"categorical {index}"] = categorical(rows, shares, rng)
    return series


def fixed_bins(rows: int, missing: float, rng: np.random.Generator) -> Series:
    """Return an ordered series of 32 bins between edges that do not depend on the reference."""
    shares = np.append(np.full(_BINS, (1 - missing) / _BINS), [missing, 0])
    return Series(shares, _reference("ordered", rng.multinomial(rows, shares)))


def quantile_bins(rows: int, missing: float, rng: np.random.Generator) -> Series:
    """Return an ordered series of 32 bins between order statistics, and one beyond either end.

    The bins' true shares are sums of spacings of uniform order statistics.
    """
    absent = int(rng.binomial(rows, missing))
    inner = np.diff(np.linspace(0, rows - absent, _BINS + 1).astype(np.int64))
    spacings = np.concatenate([[1], inner[:-1], [inner[-1] - 1, 1]])
    shares = np.append((1 - missing) * rng.dirichlet(spacings), [missing, 0])
    return Series(shares, _reference("ordered", np.array([0, *inner, 0, absent, 0])))


def categorical(rows: int, shares: Floats, rng: np.random.Generator) -> Series:
    """Return a categorical series with such shares of its categories; the others are missing."""
    whole = np.append(shares, [max(1 - shares.sum(), 0), 0])
    return Series(whole, _reference("categorical", rng.multinomial(rows, whole)))


def days_of(
    series: dict[str, Series], documents: int, days: int, rng: np.random.Generator
) -> Iterator[dict[str, Ints]]:
    """Yield, for each minute of so many days, the counts of each series."""
    for _ in range(days):
        drawn = {
            name: rng.multinomial(documents, each.shares, size=DAY) for name, each in series.items()
        }
        for minute in range(DAY):
            yield {name: counts[minute] for name, counts in drawn.items()}


def _reference(kind: str, counts: Ints) -> SeriesReference:
    *cells, missing, outside = counts.tolist()
    return SeriesReference(
        "ordered" if kind == "ordered" else "categorical", np.array(cells), missing, outside
    )

"""The counts that a series is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from guards.sequential.starts import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HOURS", "Kind", "SeriesReference"]

HOURS = 168
"""Hours of a week."""

Kind = Literal["ordered", "categorical"]


@dataclass(frozen=True, slots=True, eq=False)
class SeriesReference:
    """The reference counts of one series, and what good weeks have taught about it.

    ``cells`` is int64 [cells]: of an ordered series the bins from below to above the reference, of
    a categorical one its dictionary. ``missing`` and ``outside`` (infinite or unknown values) stand
    beside them. Everywhere else the counts of a series are int64 [cells + 2]:
    ``[*cells, missing, outside]``. ``hours`` is int64 [168, cells + 2], by hour of the week; it
    takes the place of the counts. ``excess`` is float64 [16], for each level of starts the variance
    on the arcsine scale that good traffic has beyond sampling. Raises ``ValueError`` for other
    shapes and for negative or infinite values.
    """

    kind: Kind
    cells: NDArray[np.int64]
    missing: int
    outside: int
    hours: NDArray[np.int64] | None = None
    excess: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for other shapes and for negative or infinite values."""
        _check("cells", self.counts, (len(self.cells) + 2,))
        if self.hours is not None:
            _check("hours", self.hours, (HOURS, len(self.cells) + 2))
        if self.excess is not None:
            _check("excess", self.excess, (LEVELS,))

    @property
    def counts(self) -> NDArray[np.int64]:
        """All counts, int64 [cells + 2]; with ``hours`` their sum."""
        if self.hours is not None:
            return np.asarray(self.hours.sum(axis=0))
        return np.array([*self.cells, self.missing, self.outside], dtype=np.int64)


def _check(
    name: str, values: NDArray[np.int64] | NDArray[np.float64], shape: tuple[int, ...]
) -> None:
    if values.shape != shape:
        message = f"{name} must have the shape {shape}, found {values.shape}"
        raise ValueError(message)
    if not (np.isfinite(values) & (values >= 0)).all():
        message = f"{name} must be finite and not negative"
        raise ValueError(message)

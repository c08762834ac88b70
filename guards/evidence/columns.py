"""Outcomes of one challenger on many documents, as columns: what all evidence is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["COMPARED", "Categories", "PairColumns", "VariantColumns"]

COMPARED = "compared"
"""The outcome of a document that the challenger has answered."""


class Categories(NamedTuple):
    """A column of texts: ``codes`` int64 [rows] index ``names``, and -1 stands for none.

    >>> categories = Categories.of(["emea", None, "apac", "emea"])
    >>> categories.names, categories.codes.tolist()
    (('emea', 'apac'), [0, -1, 1, 0])
    """

    codes: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Categories:
        """Return the column of these texts, numbered in the order of their appearance."""
        numbers: dict[str | None, int] = {None: -1}
        codes = [numbers.setdefault(value, len(numbers) - 1) for value in values]
        names = tuple(name for name in numbers if name is not None)
        return cls(np.array(codes, dtype=np.int64), names)

    def rows(self, selected: NDArray[np.bool_]) -> Categories:
        """Return the column of the selected rows."""
        return Categories(self.codes[selected], self.names)

    def are(self, name: str) -> NDArray[np.bool_]:
        """Return, bool [rows], where the column holds this text."""
        code = self.names.index(name) if name in self.names else len(self.names)
        return np.asarray(self.codes == code)

    def counts(self) -> dict[str, int]:
        """Return how often each text occurs, without those that do not."""
        numbers = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names)).tolist()
        return {name: count for name, count in zip(self.names, numbers, strict=True) if count}

    def equals(self, other: Categories) -> NDArray[np.bool_]:
        """Return, bool [rows], where two columns hold the same text; none equals nothing."""
        numbers = {name: number for number, name in enumerate(self.names)}
        # The last entry is what -1, none, becomes.
        renumbered = np.array([*(numbers.get(name, -2) for name in other.names), -2])
        return np.asarray(self.codes == renumbered[other.codes])


@dataclass(frozen=True, slots=True)
class VariantColumns:
    """The answers of one variant; a challenger's are -1 and NaN where it has none.

    All but ``labels`` are float64 [rows]. ``cpu_s`` is NaN, too, where it cannot be compared with
    that of another variant.
    """

    labels: Categories
    confidence: NDArray[np.float64]
    margin: NDArray[np.float64]
    entropy: NDArray[np.float64]
    cpu_s: NDArray[np.float64]

    def rows(self, selected: NDArray[np.bool_]) -> VariantColumns:
        """Return the answers of the selected rows."""
        return VariantColumns(
            self.labels.rows(selected),
            self.confidence[selected],
            self.margin[selected],
            self.entropy[selected],
            self.cpu_s[selected],
        )


@dataclass(frozen=True, slots=True)
class PairColumns:
    """The champion's observations of documents, and the outcomes of one challenger on them.

    A row is an observation: a document that was sent again has several, of which the latest is
    ``last``. ``observed_at`` int64 [rows] is in microseconds since 1970, UTC. ``outcomes`` are
    ``COMPARED`` or the reason of a miss. ``comparable`` rows are compared ones on which each
    variant's label is one that the other has too. ``divergence`` float64 [rows] is the
    Jensen-Shannon divergence, NaN where there is none.
    """

    request_ids: Sequence[str]
    observed_at: NDArray[np.int64]
    last: NDArray[np.bool_]
    segments: Categories
    tokens: NDArray[np.int64]
    outcomes: Categories
    comparable: NDArray[np.bool_]
    champion: VariantColumns
    challenger: VariantColumns
    divergence: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.observed_at)

    def rows(self, selected: NDArray[np.bool_]) -> PairColumns:
        """Return the selected rows; ``selected`` is bool [rows]."""
        return PairColumns(
            request_ids=[self.request_ids[row] for row in np.flatnonzero(selected).tolist()],
            observed_at=self.observed_at[selected],
            last=self.last[selected],
            segments=self.segments.rows(selected),
            tokens=self.tokens[selected],
            outcomes=self.outcomes.rows(selected),
            comparable=self.comparable[selected],
            champion=self.champion.rows(selected),
            challenger=self.challenger.rows(selected),
            divergence=self.divergence[selected],
        )

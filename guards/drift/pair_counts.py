"""Counts of held-out documents for pairs of labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.drift.calibration import Calibration
from guards.drift.fields import required
from guards.drift.square import check_square, read_square

if TYPE_CHECKING:
    from guards.drift.square import Square
    from guards.json_types import JsonObject

__all__ = ["FIXED_POINT", "PairCounts"]

FIXED_POINT = 2**20
"""Probabilities are summed as whole multiples of 1 / ``FIXED_POINT``, in any order alike."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Counts of held-out documents for pairs of labels.

    ``confusion`` [predicted][true] are documents; ``summed`` [predicted][label] are sums of
    probabilities in units of 1 / ``FIXED_POINT``; ``one_vs_rest`` says, by the probability of a
    label, how many of all documents have it. Raises ``ValueError`` if they contradict each other.
    """

    confusion: Square
    summed: Square
    one_vs_rest: tuple[Calibration, ...]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for contradicting counts."""
        check_square(self.confusion, len(self.one_vs_rest), "confusion")
        check_square(self.summed, len(self.one_vs_rest), "summed")
        true = [sum(column) for column in zip(*self.confusion, strict=True)]
        found = [(sum(bins.documents), sum(bins.correct)) for bins in self.one_vs_rest]
        if found != [(sum(true), documents) for documents in true]:
            message = "one_vs_rest has other documents than confusion"
            raise ValueError(message)

    def to_json(self) -> JsonObject:
        """Return the counts as plain JSON."""
        return {
            "confusion": [list(row) for row in self.confusion],
            "summed": [list(row) for row in self.summed],
            "one_vs_rest": [bins.to_json() for bins in self.one_vs_rest],
        }

    @classmethod
    def from_json(cls, data: object) -> PairCounts:
        """Read the counts back; raises ``ValueError`` if they are malformed."""
        return cls(
            read_square(data, "confusion"),
            read_square(data, "summed"),
            tuple(map(Calibration.from_json, required(data, "one_vs_rest", list))),
        )

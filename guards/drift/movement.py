"""A share of documents in training and in a window, and whether it moved."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guards.drift.rounding import share_pair

__all__ = ["Movement"]

_SMALLEST_EFFECT = 0.03
_STANDARD_ERRORS = 4.0
"""The largest of some thirty shares exceeds as many in one of 300 windows without drift."""


@dataclass(frozen=True, slots=True)
class Movement:
    """``before`` of ``documents_before`` became ``now`` of ``documents_now``; both are above 0.

    A count may be interpolated, and then it is no whole number.
    """

    before: float
    documents_before: int
    now: float
    documents_now: int

    @property
    def share_before(self) -> float:
        """The share in training, of 0 to 1."""
        return self.before / self.documents_before

    @property
    def share_now(self) -> float:
        """The share in the window, of 0 to 1."""
        return self.now / self.documents_now

    @property
    def points(self) -> float:
        """How far the share moved up, from -1 to 1."""
        return self.share_now - self.share_before

    @property
    def effect(self) -> float:
        """How far it moved either way on the scale of 2·arcsin√p, from 0 to π (Cohen 1988, 6.2)."""
        return abs(_arcsine(self.share_now) - _arcsine(self.share_before))

    @property
    def is_visible(self) -> bool:
        """Whether it moved by more than .03 and than four standard errors.

        Those of 2·arcsin√p, whose variance is about 1/n whatever p is (Anscombe 1948).
        """
        chance = math.sqrt(1 / self.documents_before + 1 / self.documents_now)
        return self.effect > max(_SMALLEST_EFFECT, _STANDARD_ERRORS * chance)

    @property
    def text(self) -> str:
        """Both shares: ``22 % → 59 %``."""
        return " → ".join(share_pair(self.share_before, self.share_now))


def _arcsine(share: float) -> float:
    return 2 * math.asin(math.sqrt(min(max(share, 0.0), 1.0)))

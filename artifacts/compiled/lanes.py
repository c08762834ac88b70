"""Where a place of the output comes from: one column of the frame, and what is done to it.

Every estimator that is compiled works on each column by itself, so that its output is a row of
lanes that know nothing of each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

__all__ = ["Affine", "CategoryLane", "Declined", "Flag", "Gap", "NumberLane", "Step"]


class Declined(Exception):
    """Says why columns are left to scikit-learn; never seen outside of this package."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Fills a missing value: NaN, or what else stands for one."""

    missing: float
    fill: float


@dataclass(frozen=True, slots=True)
class Flag:
    """Says 1 where the value is missing, and 0 elsewhere."""

    missing: float


@dataclass(frozen=True, slots=True)
class Affine:
    """Subtracts, divides, multiplies, adds and bounds, in this order.

    What is left at its default changes no bit: adding 0 would make -0 a 0, adding -0 does not.
    """

    subtract: float = 0.0
    divide: float = 1.0
    multiply: float = 1.0
    add: float = -0.0
    lowest: float = -math.inf
    highest: float = math.inf

    @property
    def bounds(self) -> bool:
        """Tell whether there is a bound."""
        return (self.lowest, self.highest) != (-math.inf, math.inf)

    @property
    def adds(self) -> bool:
        """Tell whether adding changes any bit."""
        return self.add != 0 or math.copysign(1.0, self.add) > 0


Step = Gap | Flag | Affine

_POSITIVE_ZERO = 0.0


@dataclass(frozen=True, slots=True)
class NumberLane:
    """A number of the frame's column ``name``, after some steps.

    ``absent`` is what the frame has for a missing one. ``sparse`` says that it is now a part of a
    sparse array, on which scikit-learn calculates in another way.
    """

    name: str
    absent: float
    steps: tuple[Step, ...] = ()
    sparse: bool = False

    def then(self, step: Step) -> NumberLane:
        """Give the lane after one more step."""
        if self.sparse:
            message = "steps on sparse numbers"
            raise Declined(message)
        if isinstance(step, Flag) and self.steps:
            message = "flags of what was changed before"
            raise Declined(message)
        if (
            isinstance(step, Gap | Flag)
            and not math.isnan(step.missing)
            and math.isnan(self.absent)
        ):
            message = "NaN where another value stands for a missing one"
            raise Declined(message)
        return replace(self, steps=(*self.steps, step))

    def made_sparse(self) -> NumberLane:
        """Give the lane inside a sparse array, which knows no -0."""
        if self.sparse:
            return self
        last = self.steps[-1] if self.steps else None
        if isinstance(last, Affine) and not last.adds and not last.bounds:
            steps = (*self.steps[:-1], replace(last, add=_POSITIVE_ZERO))
        else:
            steps = (*self.steps, Affine(add=_POSITIVE_ZERO))
        return replace(self, steps=steps, sparse=True)


@dataclass(frozen=True, slots=True)
class CategoryLane:
    """A value that hangs on the category in the frame's column ``name``, and on nothing else.

    ``known`` are the texts that the estimators tell apart. ``closed`` says that they tell no other
    two apart, and ``raw`` that no arithmetic came before.
    """

    name: str
    known: frozenset[str] = frozenset()
    closed: bool = False
    raw: bool = True

    def then(self, step: Step) -> CategoryLane:
        """Give the lane after one more step; what it gives is the estimator's to say."""
        return replace(self, raw=self.raw and not isinstance(step, Affine))

    def knowing(self, known: frozenset[str]) -> CategoryLane:
        """Give the lane after an estimator that tells these texts from others."""
        return self if self.closed else replace(self, known=self.known | known)

    def encoded(self, known: frozenset[str]) -> CategoryLane:
        """Give the lane after an encoder, to which all other texts are alike."""
        return replace(self.knowing(known), closed=self.closed or self.raw)

    def made_sparse(self) -> CategoryLane:
        """Give the lane inside a sparse array."""
        return self

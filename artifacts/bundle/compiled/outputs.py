"""Describe a column of the output: the input column it comes from, and the steps on the way.

Every estimator that can be compiled works on each column by itself. Its output is therefore a row
of values that do not depend on each other, each described by one of the classes here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

__all__ = [
    "Affine",
    "CategoricalOutput",
    "Fill",
    "Flag",
    "NotCompilable",
    "NumericOutput",
    "Output",
    "Step",
]


class NotCompilable(Exception):
    """Says why columns are left to scikit-learn; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Replaces a missing value, NaN or ``missing``, by ``value``."""

    missing: float
    value: float


@dataclass(frozen=True, slots=True)
class Flag:
    """Becomes 1 where the value is missing, NaN or ``missing``, and 0 elsewhere."""

    missing: float


@dataclass(frozen=True, slots=True)
class Affine:
    """Subtracts, divides, multiplies, adds and clips, in this order.

    A field at its default changes no bit: adding 0 would turn -0 into 0, adding -0 does not.
    """

    subtract: float = 0.0
    divide: float = 1.0
    multiply: float = 1.0
    add: float = -0.0
    lowest: float = -math.inf
    highest: float = math.inf

    @property
    def clips(self) -> bool:
        """Whether there is a bound."""
        return (self.lowest, self.highest) != (-math.inf, math.inf)

    @property
    def adds(self) -> bool:
        """Whether adding changes any bit."""
        return self.add != 0 or math.copysign(1.0, self.add) > 0


Step = Fill | Flag | Affine

_POSITIVE_ZERO = 0.0


@dataclass(frozen=True, slots=True)
class NumericOutput:
    """The number in the input column ``name``, after some steps.

    ``absent`` is what the input holds for a missing number. ``sparse`` says that the number is now
    part of a sparse array, on which scikit-learn computes differently.
    """

    name: str
    absent: float
    steps: tuple[Step, ...] = ()
    sparse: bool = False

    def then(self, step: Step) -> NumericOutput:
        """Return the output after one more step; raises ``NotCompilable`` where that is unsafe."""
        if self.sparse:
            message = "steps on sparse numbers"
            raise NotCompilable(message)
        if isinstance(step, Flag) and self.steps:
            message = "flags of numbers that an earlier step changed"
            raise NotCompilable(message)
        if (
            not isinstance(step, Affine)
            and math.isnan(self.absent)
            and not math.isnan(step.missing)
        ):
            message = "NaN where another value stands for a missing one"
            raise NotCompilable(message)
        return replace(self, steps=(*self.steps, step))

    def made_sparse(self) -> NumericOutput:
        """Return the output inside a sparse array, which holds no -0."""
        if self.sparse:
            return self
        last = self.steps[-1] if self.steps else None
        if isinstance(last, Affine) and not last.adds and not last.clips:
            steps = (*self.steps[:-1], replace(last, add=_POSITIVE_ZERO))
        else:
            steps = (*self.steps, Affine(add=_POSITIVE_ZERO))
        return replace(self, steps=steps, sparse=True)


@dataclass(frozen=True, slots=True)
class CategoricalOutput:
    """A value that depends on the category in the input column ``name``, and on nothing else.

    ``known`` are the texts that the estimators treat in a way of their own. ``closed`` says that
    they treat all other texts alike, and ``raw`` that no arithmetic came before.
    """

    name: str
    known: frozenset[str] = frozenset()
    closed: bool = False
    raw: bool = True

    def then(self, step: Step) -> CategoricalOutput:
        """Return the output after one more step; its values are read from the estimator."""
        return replace(self, raw=self.raw and not isinstance(step, Affine))

    def knowing(self, known: frozenset[str]) -> CategoricalOutput:
        """Return the output after an estimator that treats these texts in a way of their own."""
        return self if self.closed else replace(self, known=self.known | known)

    def encoded(self, known: frozenset[str]) -> CategoricalOutput:
        """Return the output after an encoder, which treats all other texts alike."""
        return replace(self.knowing(known), closed=self.closed or self.raw)

    def made_sparse(self) -> CategoricalOutput:
        """Return the output inside a sparse array."""
        return self


Output = NumericOutput | CategoricalOutput

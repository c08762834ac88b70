"""Numeric cells joined to steps that are wide enough to be drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from guards.diagnosis.distributions import DistributionCell

__all__ = ["Axis", "Step", "axis_of", "steps_of"]

_MAX_STEPS = 20
_MIN_STEPS = 3
_WIDE = 50.0
_ROUNDED = 0.999


@dataclass(frozen=True, slots=True)
class Axis:
    """Where numbers are drawn: between two of them, evenly or by their logarithms."""

    low: float
    high: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return where a number is, from 0 to 1; what lies beyond the ends is at them."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(at)
        # Halves do not overflow where the ends are the largest numbers of both signs.
        return (at / 2 - low / 2) / (high / 2 - low / 2)

    @property
    def middle(self) -> float:
        """The number in the middle."""
        if self.logarithmic:
            return math.sqrt(self.low) * math.sqrt(self.high)
        return self.low / 2 + self.high / 2


@dataclass(frozen=True, slots=True)
class Step:
    """Neighbouring cells as one, with its documents in both periods."""

    low: float
    high: float
    good: int
    bad: int

    def __str__(self) -> str:
        """Return the bounds in words."""
        return f"{self.low:.6g} to {self.high:.6g}"


def axis_of(cells: Sequence[DistributionCell]) -> Axis | None:
    """Return the axis of bounded cells; None where there are too few to make an outline.

    It is logarithmic where all numbers are positive and the largest is 50 times the smallest.
    """
    bounded = [(low, high) for _, low, high in _bounded(cells)]
    if len(bounded) < _MIN_STEPS:
        return None
    low, high = bounded[0][0], bounded[-1][1]
    axis = Axis(low, high, logarithmic=low > 0 and high / low >= _WIDE)
    steps = steps_of(cells, axis) if math.nextafter(low, math.inf) < high else []
    return axis if len(steps) >= _MIN_STEPS else None


def steps_of(cells: Iterable[DistributionCell], axis: Axis) -> list[Step]:
    """Return bounded cells joined to steps, each as wide as a twentieth of the axis at least.

    A value that has a cell of its own, whose width is nothing, is joined to what comes after it.
    """
    steps: list[Step] = []
    for cell, low, high in _bounded(cells):
        step = Step(low, high, cell.good, cell.bad)
        if steps and _is_narrow(steps[-1], axis):
            step = _joined(steps.pop(), step)
        steps.append(step)
    if len(steps) > 1 and _is_narrow(steps[-1], axis):
        last = steps.pop()
        steps.append(_joined(steps.pop(), last))
    return steps


def _bounded(
    cells: Iterable[DistributionCell],
) -> Iterator[tuple[DistributionCell, float, float]]:
    for cell in cells:
        if cell.low is not None and cell.high is not None:
            yield cell, cell.low, cell.high


def _joined(left: Step, right: Step) -> Step:
    return Step(left.low, right.high, left.good + right.good, left.bad + right.bad)


def _is_narrow(step: Step, axis: Axis) -> bool:
    # A bit less than a twentieth is one that was rounded.
    return (axis.place(step.high) - axis.place(step.low)) * _MAX_STEPS < _ROUNDED

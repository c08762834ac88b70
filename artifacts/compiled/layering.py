"""The steps of all numbers side by side, round by round."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from artifacts.compiled.asking import same_bits
from artifacts.compiled.lanes import Affine, Declined, Flag, Gap
from artifacts.compiled.steps import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.compiled.asking import Floats
    from artifacts.compiled.lanes import NumberLane, Step

__all__ = ["fixed", "layers_of"]


@dataclass(frozen=True, slots=True)
class _Round:
    """What happens to one number in one round: a gap is filled or flagged, then it is scaled."""

    gap: Gap | Flag | None = None
    affine: Affine | None = None


_NOTHING = _Round()


def layers_of(lanes: Sequence[NumberLane]) -> tuple[Layer, ...]:
    """Give the rounds that take numbers through their steps; flags have to be the last lanes."""
    rounds = zip_longest(*(_rounds(lane.steps) for lane in lanes), fillvalue=_NOTHING)
    return tuple(map(_layer, rounds))


def _rounds(steps: Sequence[Step]) -> list[_Round]:
    rounds: list[_Round] = []
    for step in steps:
        if not isinstance(step, Affine):
            rounds.append(_Round(gap=step))
        elif rounds and rounds[-1].affine is None:
            rounds[-1] = replace(rounds[-1], affine=step)
        else:
            rounds.append(_Round(affine=step))
    return rounds


def _layer(rounds: Sequence[_Round]) -> Layer:
    gaps = [one.gap for one in rounds]
    flags = [isinstance(gap, Flag) for gap in gaps]
    first_flag = flags.index(True) if any(flags) else None
    if first_flag is not None and not all(flags[first_flag:]):
        message = "flags among other numbers"
        raise Declined(message)
    affine = [one.affine or Affine() for one in rounds]
    bounded = any(one.bounds for one in affine)
    return Layer(
        missing=_unless_all(math.nan, [math.nan if gap is None else gap.missing for gap in gaps]),
        fill=fixed([gap.fill if isinstance(gap, Gap) else math.nan for gap in gaps])
        if any(gaps)
        else None,
        first_flag=first_flag,
        subtract=_unless_all(0.0, [one.subtract for one in affine]),
        divide=_unless_all(1.0, [one.divide for one in affine]),
        multiply=_unless_all(1.0, [one.multiply for one in affine]),
        add=_unless_all(-0.0, [one.add for one in affine]),
        lowest=fixed([one.lowest for one in affine]) if bounded else None,
        highest=fixed([one.highest for one in affine]) if bounded else None,
    )


def _unless_all(idle: float, values: Sequence[float]) -> Floats | None:
    """Give the values as an array, None where every one of them is ``idle`` to the last bit."""
    return None if same_bits(np.array(values), np.full(len(values), idle)) else fixed(values)


def fixed(values: Sequence[float]) -> Floats:
    """Give an array that nobody can make writable, since its memory is that of bytes."""
    return np.frombuffer(np.array(values, dtype=np.float64).tobytes())

"""Put the steps of all numeric outputs side by side, round by round."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.compiled.estimator_output import same_bits
from artifacts.bundle.compiled.outputs import Affine, Fill, Flag, NotCompilable
from artifacts.bundle.compiled.steps import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.bundle.compiled.estimator_output import Floats
    from artifacts.bundle.compiled.outputs import NumericOutput, Step

__all__ = ["layers_of", "read_only"]


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round does to one number: fill or flag what is missing, then scale."""

    missing: Fill | Flag | None = None
    affine: Affine | None = None


_NOTHING = _Round()


def layers_of(outputs: Sequence[NumericOutput]) -> tuple[Layer, ...]:
    """Return the rounds that take numbers through their steps; flags have to come last."""
    rounds = zip_longest(*(_rounds(output.steps) for output in outputs), fillvalue=_NOTHING)
    return tuple(map(_layer, rounds))


def read_only(values: Sequence[float]) -> Floats:
    """Return an array that cannot be made writable, because its memory belongs to bytes."""
    return np.frombuffer(np.array(values, dtype=np.float64).tobytes())


def _rounds(steps: Sequence[Step]) -> list[_Round]:
    rounds: list[_Round] = []
    for step in steps:
        if not isinstance(step, Affine):
            rounds.append(_Round(missing=step))
        elif rounds and rounds[-1].affine is None:
            rounds[-1] = replace(rounds[-1], affine=step)
        else:
            rounds.append(_Round(affine=step))
    return rounds


def _layer(rounds: Sequence[_Round]) -> Layer:
    steps = [each.missing for each in rounds]
    flags = [isinstance(step, Flag) for step in steps]
    first_flag = flags.index(True) if any(flags) else None
    if first_flag is not None and not all(flags[first_flag:]):
        message = "flags among other numbers"
        raise NotCompilable(message)
    affine = [each.affine or Affine() for each in rounds]
    fill = [step.value if isinstance(step, Fill) else math.nan for step in steps]
    clips = any(each.clips for each in affine)
    return Layer(
        missing=_unless_all(
            math.nan, [math.nan if step is None else step.missing for step in steps]
        ),
        fill=read_only(fill) if any(steps) else None,
        first_flag=first_flag,
        subtract=_unless_all(0.0, [each.subtract for each in affine]),
        divide=_unless_all(1.0, [each.divide for each in affine]),
        multiply=_unless_all(1.0, [each.multiply for each in affine]),
        add=_unless_all(-0.0, [each.add for each in affine]),
        lowest=read_only([each.lowest for each in affine]) if clips else None,
        highest=read_only([each.highest for each in affine]) if clips else None,
    )


def _unless_all(default: float, values: Sequence[float]) -> Floats | None:
    """Return the values as an array; None if every one has the bits of ``default``."""
    unchanged = same_bits(np.array(values), np.full(len(values), default))
    return None if unchanged else read_only(values)

"""The inputs that hold a drop: one after the other, each by what it restores besides the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.cell_space import CLASS, LABEL
from guards.diagnosis.moved_inputs import discoveries, moved
from guards.diagnosis.restoring import cell_shares, mixed_weights, restored, restored_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.cell_space import WatchedInput
    from guards.diagnosis.moved_inputs import InputBlocks, Moved
    from guards.diagnosis.restoring import Restored
    from guards.diagnosis.samples import Sample
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]

__all__ = ["InputCause", "MovedInput", "holding_inputs", "input_causes", "moved_inputs"]

_RATE = 0.05
_MIN_VALUE = 0.03
"""A smaller distance is beyond chance in a million documents, and explains nothing."""

_MIN_SHARE = 0.05
_MAX_CAUSES = 6
_TIE = 0.1
"""Inputs that restore as much as each other are two names of one cause."""

_LATE = ("text.tokens", LABEL, "text.embedding", "text.token")
"""Of two names of one cause, these say less of what happened."""


@dataclass(frozen=True, slots=True)
class MovedInput:
    """An input, how far it moved, and in which column of the cells it is."""

    column: int
    blocks: InputBlocks
    moved: Moved

    @property
    def input(self) -> WatchedInput:
        """The input."""
        return self.blocks.input

    def to_json(self) -> JsonObject:
        """Return how far it moved, and the share of each cell, as plain JSON."""
        good, bad = self.blocks.shares
        return {
            "input": self.input.name,
            **self.moved.to_json(),
            "cells": list(self.input.cells),
            "good": good.tolist(),
            "bad": bad.tolist(),
        }


@dataclass(frozen=True, slots=True)
class InputCause:
    """An input that moved, what mixing it as before restores besides the causes before it.

    ``shares`` are those of its cells, good and bad, float64 [cells], the bad ones with the causes
    before it mixed as in the good period.
    """

    moved: MovedInput
    restores: Restored
    alone: float
    shares: tuple[Floats, Floats]


def moved_inputs(blocks: Sequence[tuple[int, InputBlocks]]) -> list[MovedInput]:
    """Return the inputs that moved visibly and beyond chance, those first that moved furthest."""
    found = [MovedInput(column, each, moved(each)) for column, each in blocks]
    beyond = discoveries([each.moved.p_value for each in found], _RATE)
    visible = [
        each
        for each, is_beyond in zip(found, beyond.tolist(), strict=True)
        if is_beyond and each.moved.value >= _MIN_VALUE
    ]
    return sorted(visible, key=lambda each: (-each.moved.value, each.input.name))


def input_causes(
    candidates: Sequence[MovedInput],
    good: Sample,
    bad: Sample,
    part: float,
    generator: np.random.Generator,
) -> list[InputCause]:
    """Return the inputs that hold the change between two samples.

    The first is the one that restores most by itself, each next one that which restores most
    besides those before it, as long as that is a twentieth of all. The change is a ``part`` of all,
    of which the shares are.
    """
    held = holding_inputs(candidates, good, bad, part)
    causes = []
    for at, each in enumerate(held):
        before = [one.column for one in held[:at]]
        causes.append(
            InputCause(
                each,
                restored(good, bad, [each.column], before, generator).times(part),
                restored_share(good, bad, [each.column], []) * part,
                _shares_besides(each, good, bad, before),
            )
        )
    return causes


def _shares_besides(
    each: MovedInput, good: Sample, bad: Sample, besides: Sequence[int]
) -> tuple[Floats, Floats]:
    """Return the shares of an input's cells, the bad ones with other inputs mixed as in good."""
    weights = mixed_weights(good, bad, besides)
    if not weights.any():
        return each.blocks.shares
    size = len(each.input.cells)
    return (
        cell_shares(good.cells[:, each.column], np.ones(len(good)), size),
        cell_shares(bad.cells[:, each.column], weights, size),
    )


def holding_inputs(
    candidates: Sequence[MovedInput], good: Sample, bad: Sample, part: float = 1.0
) -> list[MovedInput]:
    """Return the inputs of ``input_causes`` alone."""
    if part < _MIN_SHARE:
        return []
    smallest = _MIN_SHARE / part
    waiting = [
        each for each in candidates if restored_share(good, bad, [each.column], []) >= smallest
    ]
    held: list[MovedInput] = []
    while waiting and len(held) < _MAX_CAUSES:
        taken = [each.column for each in held]
        shares = {each.column: restored_share(good, bad, [each.column], taken) for each in waiting}
        largest = max(shares.values())
        if largest < smallest:
            break
        best = min(
            (each for each in waiting if shares[each.column] >= largest - _TIE),
            key=lambda each: (_rank(each), -shares[each.column]),
        )
        held.append(best)
        waiting.remove(best)
    return held


def _rank(each: MovedInput) -> int:
    """Return how little an input says of what happened, where it restores as much as another."""
    if each.input.name == CLASS:
        # It is compared where it explains the others.
        return -1
    if each.input.traffic:
        return len(_LATE) + 1
    name = each.input.name
    ranks = (rank for rank, late in enumerate(_LATE, 1) if f"{name}.".startswith(f"{late}."))
    return next(ranks, 0)

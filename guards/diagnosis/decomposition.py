"""Where a change sits: by mix or within each input, by groups of inputs, in which few slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from guards.diagnosis.group_shares import GroupShare, group_shares
from guards.diagnosis.mix_and_within import MixAndWithin, mix_and_within
from guards.diagnosis.samples import MAX_DRAWN
from guards.diagnosis.slices import Slice, find_slices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from guards.diagnosis.causes import MovedInput
    from guards.diagnosis.moved_inputs import InputBlocks
    from guards.diagnosis.samples import Sample
    from guards.json_types import JsonObject

__all__ = ["Decomposition"]

_MAX_SEARCHED = 50_000
"""Slices are searched in a sample of as many documents of each period, 100,000 together."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The parts of a change.

    ``parts`` are those of each watched input, those first whose mix holds most; ``moved`` names the
    inputs that moved. ``groups`` are the shares of groups of these in what they restore together.
    ``slices`` hold more of the change than their share of the documents; they were searched in
    ``searched`` good and bad documents, a ``sampled`` part of them or all.
    """

    parts: tuple[MixAndWithin, ...]
    moved: frozenset[str]
    groups: tuple[GroupShare, ...]
    slices: tuple[Slice, ...]
    searched: tuple[int, int]
    sampled: bool

    @classmethod
    def of(
        cls,
        blocks: Mapping[int, InputBlocks],
        moved: Sequence[MovedInput],
        sides: tuple[Sample, Sample],
        generator: np.random.Generator,
    ) -> Self:
        """Take the change apart; ``blocks`` are those of inputs by their column in the cells.

        ``moved`` are the inputs that moved, ``sides`` all good and all bad documents.
        """
        parts = [mix_and_within(each, generator) for each in blocks.values()]
        good, bad = (side.drawn(_MAX_SEARCHED, generator) for side in sides)
        fewer = [side.drawn(MAX_DRAWN, generator) for side in (good, bad)]
        inputs = {column: each.input for column, each in blocks.items()}
        return cls(
            parts=tuple(sorted(parts, key=lambda each: (-abs(each.mix.change), each.input))),
            moved=frozenset(each.input.name for each in moved),
            groups=tuple(group_shares(moved, *fewer)),
            slices=tuple(find_slices(inputs, good, bad, generator)),
            searched=(len(good), len(bad)),
            sampled=(len(good), len(bad)) != tuple(map(len, sides)),
        )

    @property
    def told(self) -> Sequence[MixAndWithin]:
        """The parts of the inputs that moved."""
        return [each for each in self.parts if each.input in self.moved]

    def to_json(self) -> JsonObject:
        """Return everything as plain JSON."""
        return {
            "mix_and_within": [each.to_json() for each in self.parts],
            "slices": [each.to_json() for each in self.slices],
            "groups": [each.to_json() for each in self.groups],
            "searched": {"good": self.searched[0], "bad": self.searched[1]},
        }

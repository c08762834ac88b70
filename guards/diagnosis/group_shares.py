"""How what inputs restore together is shared among six groups of them."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, NamedTuple

from guards.diagnosis.findings import input_code
from guards.diagnosis.restoring import restored_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.diagnosis.causes import MovedInput
    from guards.diagnosis.moved_inputs import InputBlocks
    from guards.diagnosis.samples import Sample
    from guards.json_types import JsonObject

__all__ = ["GROUPS", "GroupShare", "group_shares", "shapley_values"]

GROUPS = ("texts", "numbers", "categories", "missing values", "classes", "sources")
"""The groups; ``sources`` are segments and replicas."""

_GROUP_OF = {
    "longer_texts": "texts",
    "other_texts": "texts",
    "unknown_categories": "categories",
    "missing_values": "missing values",
    "class_mix": "classes",
    "traffic_mix": "sources",
}
_MAX_INPUTS = 4
"""Of a group only those that restore most alone are mixed as before: 64 times each."""


class GroupShare(NamedTuple):
    """A group, its inputs that moved, and its share of the change; none without such inputs."""

    group: str
    inputs: tuple[str, ...]
    share: float

    def to_json(self) -> JsonObject:
        """Return it as plain JSON."""
        return {"group": self.group, "inputs": list(self.inputs), "share": self.share}


def group_shares(moved: Sequence[MovedInput], good: Sample, bad: Sample) -> list[GroupShare]:
    """Return the share of each group in what mixing all of them as in the good period restores.

    An input that moved is in one group, by what happened to it; each group has up to four, those
    that restore most alone. The value of some groups is what mixing their inputs as
    before restores, and the shares are its Shapley values.
    """
    alone = {each.column: restored_share(good, bad, [each.column], []) for each in moved}
    most = sorted(moved, key=lambda each: -abs(alone[each.column]))
    members = {
        group: [each for each in most if _group(each.blocks) == group][:_MAX_INPUTS]
        for group in GROUPS
    }
    # A group without inputs adds nothing to any others: its value is nothing.
    filled = [group for group in GROUPS if members[group]]
    values = [
        restored_share(
            good,
            bad,
            [
                each.column
                for at, group in enumerate(filled)
                if coalition >> at & 1
                for each in members[group]
            ],
            [],
        )
        for coalition in range(2 ** len(filled))
    ]
    shares = dict(zip(filled, shapley_values(values), strict=True))
    return [
        GroupShare(group, tuple(each.input.name for each in members[group]), shares.get(group, 0.0))
        for group in GROUPS
    ]


def shapley_values(values: Sequence[float]) -> list[float]:
    """Return what each player adds to the others, averaged over all orders in which they come.

    ``values`` are those of all 2**n coalitions, where bit i of the index says whether player i is
    in it. They add up to the value of all less that of none (Shapley 1953).
    """
    players = (len(values) - 1).bit_length()
    return [
        sum(
            (values[coalition | 1 << player] - values[coalition])
            / (players * comb(players - 1, coalition.bit_count()))
            for coalition in range(len(values))
            if not coalition >> player & 1
        )
        for player in range(players)
    ]


def _group(blocks: InputBlocks) -> str:
    values = "numbers" if blocks.input.numeric else "categories"
    return _GROUP_OF.get(input_code(blocks.input, *blocks.shares), values)

"""Whether a challenger's labels can be compared with the champion's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.errors import Finding
from guards.labels import canonical_label
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["disjoint_labels", "labels_of_one"]

_OTHER_SPELLING = (
    "they are the same labels, in the spelling of an earlier version and in that of this one: seal "
    "the older model again, or train it again"
)


def disjoint_labels(champion: Sequence[str], challenger: Sequence[str]) -> Finding | None:
    """Return the finding where champion and challenger have no label in common, else None."""
    if not {*champion}.isdisjoint(challenger):
        return None
    forms = [{*map(canonical_label, labels)} for labels in (champion, challenger)]
    return Finding(
        code="labels_disjoint",
        subject="labels",
        expected=listed(champion),
        observed=listed(challenger),
        remedy="" if forms[0].isdisjoint(forms[1]) else _OTHER_SPELLING,
    )


def labels_of_one(champion: Sequence[str], challenger: Sequence[str]) -> str | None:
    """Name the labels that only one of the two knows, up to 20 of each; None without any."""
    common = {*champion} & {*challenger}
    only_champion = [label for label in champion if label not in common]
    only_challenger = [label for label in challenger if label not in common]
    if not (only_champion or only_challenger):
        return None
    return (
        f"labels that only the champion knows: {listed(only_champion)}; "
        f"that only the challenger knows: {listed(only_challenger)}"
    )

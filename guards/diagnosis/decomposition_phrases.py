"""What is said of where a change sits, on a terminal as on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.phrases import percent, term_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.diagnosis.decomposition import Decomposition
    from guards.diagnosis.slices import Slice

__all__ = [
    "decomposition_in_words",
    "groups_in_words",
    "holds_in_words",
    "slices_in_words",
    "where_in_words",
]

_MAX_INPUTS = 3


def decomposition_in_words(decomposition: Decomposition) -> Iterator[str]:
    """Yield the parts of up to three inputs that moved, the groups of inputs, and the slices."""
    for each in decomposition.told[:_MAX_INPUTS]:
        mix, within = term_in_words(each.mix), term_in_words(each.within)
        yield f"{each.input}: by mix {mix}, within {within}"
    yield from groups_in_words(decomposition)
    slices = decomposition.slices
    yield slices_in_words(decomposition) + ":" * bool(slices)
    yield from (f"  {_slice(each)}" for each in slices)


def groups_in_words(decomposition: Decomposition) -> Iterator[str]:
    """Yield in one line what groups of inputs restore together; nothing where one does all."""
    filled = [each for each in decomposition.groups if each.inputs]
    if len(filled) > 1:
        shares = ", ".join(f"{each.group} {percent(each.share)}" for each in filled)
        together = percent(sum(each.share for each in filled))
        yield f"inputs together restore {together} of the change: {shares}"


def slices_in_words(decomposition: Decomposition) -> str:
    """Return what the slices are, or that there is none; with the sample where it was one."""
    words = (
        "slices that hold more of the change than their share of documents"
        if decomposition.slices
        else "no slice of one or two inputs holds more of the change than its share"
    )
    good, bad = decomposition.searched
    sample = f" (searched in a sample of {good:,} good and {bad:,} bad documents)"
    return words + sample * decomposition.sampled


def where_in_words(each: Slice) -> str:
    """Return which documents are in a slice."""
    return " and ".join(f"{name} = {cell}" for name, cell in each.where)


def holds_in_words(each: Slice) -> str:
    """Return what a slice holds of the change, with its interval."""
    low, high = percent(each.holds.low), percent(each.holds.high)
    return f"{percent(each.holds.share)} of the change ({low} to {high})"


def _slice(each: Slice) -> str:
    before, now = each.means
    return (
        f"{where_in_words(each)}: {percent(each.share)} of documents, {holds_in_words(each)}, "
        f"{before:.4f} → {now:.4f}"
    )

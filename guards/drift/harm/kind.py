"""The kind of shift, in words."""

from __future__ import annotations

from enum import StrEnum

from guards.drift.harm.gate import TOLERANCE, Harm

__all__ = ["Kind", "kind_of_shift"]


class Kind(StrEnum):
    """What a shift comes from, as far as it is known."""

    MIX = "the mix changed and the model copes"
    HARDER = "harder documents of known kinds"
    UNSEEN = "documents of a kind never seen"
    MEANING = "the meaning changed"
    UNKNOWN = "unknown"


def kind_of_shift(
    *, inputs_moved: bool, harm: Harm, unseen_share: float, residual_drifted: bool
) -> Kind:
    """Return the kind of shift.

    ``unseen_share`` is that of documents in cells that the reference hardly filled, less what is
    expected of it without drift. Above the tolerated rise of the error rate they come first:
    nothing is known about how they are answered, and they may be what moved the residual.
    """
    if unseen_share > TOLERANCE:
        return Kind.UNSEEN
    if residual_drifted:
        return Kind.MEANING
    if harm is Harm.SHOWN:
        return Kind.HARDER
    if inputs_moved and harm is Harm.RULED_OUT:
        return Kind.MIX
    return Kind.UNKNOWN

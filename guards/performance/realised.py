"""Accuracy on the labelled documents of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.evidence.figures import wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.evidence.figures import Figure

__all__ = ["realised"]


def realised(labelled: Mapping[float, tuple[int, int]]) -> Figure | None:
    """Return the accuracy of all documents with its 95 % interval; None without labels.

    ``labelled`` maps the probability with which documents were chosen for labelling to how many of
    them were right, and how many there are; each weighs 1 / that probability. The variance is that
    of the linearised ratio (Särndal, Swensson and Wretman 1992, section 5.6), and the interval
    that of Wilson (1927). Raises ``ValueError`` for counts or a probability that cannot be.

    >>> realised({1.0: (3, 4), 0.1: (1, 1)})  # doctest: +ELLIPSIS
    Figure(value=0.928..., low=..., high=...)
    """
    groups = [
        (1 / _checked(probability, right, documents), right, documents)
        for probability, (right, documents) in sorted(labelled.items())
        if documents
    ]
    if not groups:
        return None
    total = sum(weight * documents for weight, _, documents in groups)
    value = sum(weight * right for weight, right, _ in groups) / total
    squares = sum(
        weight**2 * (right * (1 - value) ** 2 + (documents - right) * value**2)
        for weight, right, documents in groups
    )
    if squares > 0:
        return wilson(value, value * (1 - value) * total**2 / squares)
    # All are right, or none: as many documents as would tell as much with equal weights.
    return wilson(value, total**2 / sum(weight**2 * documents for weight, _, documents in groups))


def _checked(probability: float, right: int, documents: int) -> float:
    if not 0 < probability <= 1 or not 0 <= right <= documents:
        message = f"{right} of {documents} documents with probability {probability} cannot be right"
        raise ValueError(message)
    return probability

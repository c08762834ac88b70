"""How the probability of an error is divided.

A wrong promotion has an error probability of its own, undivided: whatever else is asked of a
challenger can only take a promotion away (Schultzberg, Ankargren and Frånberg 2024). Harm has
another one, divided among all that can veto, so that a good challenger is not kept back by chance.
"""

from __future__ import annotations

__all__ = ["HARM_ALPHA", "INTERVAL_ALPHA", "PROMOTION_ALPHA", "QUALITY_ALPHA", "shared"]

PROMOTION_ALPHA = 0.05
"""Divided among the challengers of one champion, and between two ways to the same conclusion."""

HARM_ALPHA = 0.05
"""Divided among the criteria that can veto."""

INTERVAL_ALPHA = 0.05
"""Of the confidence shift over all documents; classes and segments share another such part."""

QUALITY_ALPHA = 0.05
"""Of each family of tests of the data's quality, who was missed and who has labels, divided among
its tests. The last day of labels has as much at each look."""


def shared(alpha: float, parts: int) -> float:
    """Return what one of several parts gets."""
    return alpha / max(parts, 1)

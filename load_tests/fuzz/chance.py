"""Decide by chance, the same way for the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

__all__ = ["happens"]


def happens(rng: Random, share: float) -> bool:
    """Return true in this share of calls."""
    return rng.random() < share

"""What the two periods are called, and how they look."""

from __future__ import annotations

from guards.pages.drawing import key

__all__ = ["KEY", "PERIODS"]

PERIODS = ("good", "bad")
"""What the two periods are called."""

KEY = key(*PERIODS)
"""How the two periods look, in words."""

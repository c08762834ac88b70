"""What is left of a text without what the eye does not see."""

from __future__ import annotations

import unicodedata

__all__ = ["look_of"]

_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455", "aeopcyxijs"
)
"""Cyrillic letters, and the Latin ones that they look like."""


def look_of(text: str) -> str:
    """Return what is left of a text without case, spaces, invisible characters and widths."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LOOKALIKES)
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) != "Cf")

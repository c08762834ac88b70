"""The form of a value that a file holds, to be shown in a finding."""

from __future__ import annotations

import numpy as np

from guards.text import printable

__all__ = ["MAX_SHOWN", "shown"]

MAX_SHOWN = 60
"""Characters of a name or number."""


def shown(value: object) -> str:
    """Return the form of a value, and the value itself only where it is a number."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype.name} {list(value.shape)}"
    if isinstance(value, bool | int | float | np.generic) and len(text := str(value)) < MAX_SHOWN:
        return printable(text)
    if isinstance(value, list | tuple | set | frozenset | dict | str | bytes):
        return f"a {type(value).__name__} of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"

"""Importing large libraries without looking for garbage among what they leave for good."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Hold garbage collections off, and leave all that is there at the end out of later ones.

    What torch and transformers make while they are imported stays. Collections would look at all of
    it again and again, which takes about an eighth of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()

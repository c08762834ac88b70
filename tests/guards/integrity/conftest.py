"""What a preprocessing may hold, made small: its end is reached as surely, and sooner."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from guards.integrity.state import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def hold_values(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that sets how many values a preprocessing may hold."""
    budget = fingerprint._Budget  # noqa: SLF001

    def hold(values: int) -> None:
        monkeypatch.setattr(fingerprint, "_Budget", partial(budget, values=values))

    return hold

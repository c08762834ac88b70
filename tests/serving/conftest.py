"""Documents to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.demo.documents import good_day

if TYPE_CHECKING:
    from guards.json_types import JsonObject


@pytest.fixture(scope="session")
def documents() -> list[JsonObject]:
    """Return a few hundred documents with distinct request ids."""
    return good_day(300, seed=3).documents

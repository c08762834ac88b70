"""Documents to send."""

from __future__ import annotations

from typing import Any

import pytest

from artifacts.demo.documents import good_day


@pytest.fixture(scope="session")
def documents() -> list[dict[str, Any]]:
    """Give a few hundred documents with distinct request ids."""
    return good_day(300, seed=3).documents

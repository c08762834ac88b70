"""What tests of the command line share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Leave the environment as it was: ``serve`` passes its options on through it."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)

"""Bundles to damage, small and real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.demo.documents import champion_training
from load_tests.fuzz.bases import make_columns_base

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def bases(accelerated: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a trained bundle with an engine, and one with many encoders; never change them."""
    directory = tmp_path_factory.mktemp("bases")
    table = champion_training(240, seed=1)
    return [accelerated, make_columns_base(directory, "categories", table)]

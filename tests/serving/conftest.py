"""Documents to send, and bundles that the guard must refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import pytest

from artifacts.columns import fit_columns
from artifacts.demo.documents import good_day
from artifacts.opening import open_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.tables import Table


@pytest.fixture(scope="session")
def documents() -> list[dict[str, Any]]:
    """Give a few hundred documents with distinct request ids."""
    return good_day(300, seed=3).documents


@pytest.fixture
def refitted(copied: Callable[[Path], Path], small_table: Table) -> Callable[[Path], Path]:
    """Give a function that copies a bundle and fits its columns again, on other rows."""

    def refit(bundle: Path) -> Path:
        damaged = copied(bundle)
        preprocessing = open_bundle(damaged).preprocessing
        rows = preprocessing.canonical(small_table.documents[:100])
        columns = fit_columns(preprocessing.schema, rows)
        joblib.dump(columns, damaged / "preprocessing" / "columns.joblib")
        return damaged

    return refit

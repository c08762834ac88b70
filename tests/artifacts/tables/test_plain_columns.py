"""Columns of rows as they can be written, and the roles that their values have."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from artifacts.tables.plain_columns import plain_columns, role_of_values


def test_rows_become_columns_in_the_order_of_their_names() -> None:
    """A name that a row lacks is a missing cell, and so is NaN."""
    plain = plain_columns([{"b": 1, "a": np.float32(0.1)}, {"c": Decimal("1.50"), "a": np.nan}])

    assert plain.columns == {"b": [1, None], "a": [0.1, None], "c": [None, 1.5]}
    assert [*plain.columns] == ["b", "a", "c"]
    assert plain.odd == {}


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ([1], "a list"),
        ({"x": 1}, "an object"),
        (float("inf"), "an infinite number"),
        (datetime(2026, 3, 2, tzinfo=UTC), "a date and time"),
    ],
)
def test_a_column_that_training_would_refuse_is_left_out(cell: object, kind: str) -> None:
    """With what it holds; the others stay."""
    plain = plain_columns([{"a": 1, "b": "x"}, {"a": 2, "b": cell}])

    assert plain.columns == {"a": [1, 2]}
    assert plain.odd == {"b": kind}


@pytest.mark.parametrize(
    ("cells", "role"),
    [
        ([1, 2.5, None, "3"], "numeric"),
        (["1", "x"], "categorical"),
        ([True, False], "categorical"),
        ([1, True], "categorical"),
        ([None, "", "nan"], None),
        ([], None),
    ],
)
def test_the_role_of_a_column_by_its_values(cells: list[object], role: str | None) -> None:
    """Numbers, also as texts, are numeric; truth values are categories."""
    assert role_of_values(cells) == role

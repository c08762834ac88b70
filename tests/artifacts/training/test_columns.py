"""The encoded columns against numpy, and what an unknown or a missing value turns into."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.training.columns import fit_columns, with_training_gaps
from guards.schema import MISSING, CanonicalRow, CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAN = math.nan
COURTS = ("NDCA", "SDNY")
SCHEMA = Schema(
    text=("text",),
    numeric=(NumericColumn("pages", 1.0, 9.0), NumericColumn("amount", None, None)),
    categorical=(CategoricalColumn("court", COURTS),),
    labels=("a", "b"),
)
ROWS = [
    CanonicalRow((1.0, NAN), ("NDCA",)),
    CanonicalRow((2.0, NAN), ("SDNY",)),
    CanonicalRow((NAN, NAN), ("",)),
    CanonicalRow((9.0, NAN), ("DDEL",)),
]


def transformed(
    schema: Schema, fitted_on: list[CanonicalRow], rows: list[CanonicalRow]
) -> NDArray[np.float64]:
    """Fit columns on some rows and transform others; gives float64 [rows, width]."""
    columns = fit_columns(schema, fitted_on)
    assert columns is not None
    return columns.transform(schema, rows, [""] * len(rows))


def encoded(*numeric: float, court: str = "NDCA") -> list[float]:
    """Encode one row."""
    (row,) = transformed(SCHEMA, ROWS, [CanonicalRow(numeric, (court,))])
    return [float(value) for value in row]


def test_numbers_are_standardised_as_numpy_would() -> None:
    """A number is its distance from the mean in standard deviations, medians filled in."""
    filled = np.array([1.0, 2.0, 2.0, 9.0])

    values = transformed(SCHEMA, ROWS, ROWS)

    np.testing.assert_allclose(values[:, 0], (filled - filled.mean()) / filled.std(), rtol=1e-12)


def test_missing_numbers_have_a_flag() -> None:
    """A missing number is the median in value, and told apart from it by its flag."""
    missing, median = encoded(NAN, 0.0), encoded(2.0, 0.0)

    assert missing[0] == median[0]
    assert (missing[2], median[2]) == (1.0, 0.0)


def test_column_that_was_always_missing_keeps_its_place() -> None:
    """The width does not depend on whether a column happened to have values."""
    assert len(encoded(1.0, NAN)) == len(encoded(1.0, 5.0)) == 2 + 2 + 4


def test_each_kind_of_category_has_its_own_place() -> None:
    """Unknown, missing and every known category are one-hot, each in its own place."""
    places = {
        name: encoded(1.0, 0.0, court=court)[4:]
        for name, court in {
            "unknown": "EDTX",
            "missing": MISSING,
            **dict(zip(COURTS, COURTS, strict=True)),
        }.items()
    }

    assert places == {
        "unknown": [1, 0, 0, 0],
        "missing": [0, 1, 0, 0],
        "NDCA": [0, 0, 1, 0],
        "SDNY": [0, 0, 0, 1],
    }


def test_rare_category_of_training_is_unknown() -> None:
    """A category that training saw and did not keep is encoded like one it never saw."""
    assert encoded(1.0, 0.0, court="DDEL") == encoded(1.0, 0.0, court="never seen")


def test_schema_without_features_has_no_columns() -> None:
    """Text alone needs no transformer, and its width is 0."""
    schema = Schema(("text",), (), (), ("a", "b"))
    rows = [CanonicalRow((), ())] * 3

    assert fit_columns(schema, rows) is None


@pytest.mark.parametrize("numbers", [True, False])
def test_features_of_one_kind(*, numbers: bool) -> None:
    """Numbers alone, or categories alone, are encoded the same way."""
    schema = Schema(
        text=("text",),
        numeric=SCHEMA.numeric[:1] if numbers else (),
        categorical=() if numbers else SCHEMA.categorical,
        labels=("a", "b"),
    )
    rows = [
        CanonicalRow(row.numeric[: len(schema.numeric)], row.categories[: len(schema.categorical)])
        for row in ROWS
    ]

    width = transformed(schema, rows, rows).shape[1]

    assert width == (2 if numbers else 4)


def test_far_out_numbers_stay_finite() -> None:
    """A number a thousand times out of range is encoded as it is, without an overflow."""
    assert all(map(math.isfinite, encoded(9e300, -9e300)))


def test_training_gaps_touch_a_few_cells() -> None:
    """About two cells in a hundred are blanked, and as many categories made unseen."""
    rows = [CanonicalRow((1.0, 2.0), ("NDCA", "SDNY"))] * 5000

    gapped = with_training_gaps(rows, np.random.default_rng(3))

    numbers = np.array([row.numeric for row in gapped])
    categories = [category for row in gapped for category in row.categories]
    unseen = [category for category in categories if category not in {"NDCA", "SDNY", MISSING}]
    assert np.isnan(numbers).mean() == pytest.approx(0.02, abs=0.005)
    assert categories.count(MISSING) / 10_000 == pytest.approx(0.02, abs=0.005)
    assert len(unseen) / 10_000 == pytest.approx(0.02, abs=0.005)
    assert rows == [CanonicalRow((1.0, 2.0), ("NDCA", "SDNY"))] * 5000


def test_training_gaps_are_seeded() -> None:
    """The same seed makes the same gaps."""
    rows = [CanonicalRow((), ("NDCA",))] * 500

    once, again = (with_training_gaps(rows, np.random.default_rng(3)) for _ in range(2))

    assert once == again


def test_unseen_category_lands_in_the_unknown_place() -> None:
    """What stands for an unseen category in training is encoded as unknown."""
    rows = [CanonicalRow((1.0, 1.0), ("NDCA",))] * 500
    values = transformed(SCHEMA, ROWS, with_training_gaps(rows, np.random.default_rng(0)))

    assert values[:, 4:].sum(axis=1).tolist() == [1.0] * 500
    assert 0 < values[:, 4].sum() < 50

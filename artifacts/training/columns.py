"""Fit the columns: imputers and scalers of numbers, encoders of categories.

Each numeric column becomes its standardised value (the median if it is missing) and a flag that
says whether it was missing. Each categorical column becomes a one-hot vector with an element for an
unknown category, one for a missing category, and one for each known category.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from artifacts.bundle.column_inputs import UNSEEN, column_inputs_of
from artifacts.bundle.sealed_columns import SealedColumns
from guards.schema import MISSING, CanonicalRow, CategoricalColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "fit_columns",
    "with_training_gaps",
]

_UNKNOWN_CODE = -1

_GAP_SHARE = 0.02
"""The share of training cells that become missing, and of those that become unseen."""


def fit_columns(schema: Schema, rows: Sequence[CanonicalRow]) -> SealedColumns | None:
    """Fit the columns on the training rows; None when the schema has no feature columns."""
    if not schema.columns:
        return None
    numeric = [column.name for column in schema.numeric]
    categorical = [column.name for column in schema.categorical]
    transformers = []
    if numeric:
        transformers += [
            ("numeric", _number_steps(), numeric),
            ("numeric_missing", MissingIndicator(features="all", sparse=False), numeric),
        ]
    if categorical:
        transformers.append(("categorical", _category_steps(schema.categorical), categorical))
    columns = ColumnTransformer(transformers, sparse_threshold=0.0)
    column_inputs = column_inputs_of(schema)
    # Only numbers are learnt from the rows: one row fits the encoders, whose categories are given,
    # and no row is ever made one-hot.
    columns.fit(column_inputs.fill(schema, rows[:1], [""]))
    if numeric:
        numbers = column_inputs_of(replace(schema, categorical=()))
        columns.named_transformers_["numeric"].fit(numbers.fill(schema, rows, [""] * len(rows)))
    return SealedColumns(columns, column_inputs)


def with_training_gaps(
    rows: Sequence[CanonicalRow], generator: np.random.Generator
) -> list[CanonicalRow]:
    """Return rows in which a few cells are missing and a few categories are unseen.

    Without them, the weights for missing and unknown values might never be trained.
    """
    return [
        CanonicalRow(
            numeric=tuple(
                np.nan if draw < _GAP_SHARE else value
                for value, draw in zip(row.numeric, generator.random(len(row.numeric)), strict=True)
            ),
            categories=tuple(
                _gap(value, draw)
                for value, draw in zip(
                    row.categories, generator.random(len(row.categories)), strict=True
                )
            ),
        )
        for row in rows
    ]


def _gap(value: str, draw: float) -> str:
    if draw < _GAP_SHARE:
        return MISSING
    return UNSEEN if draw < 2 * _GAP_SHARE else value


def _number_steps() -> Pipeline:
    # A column that is missing throughout is kept, or the width would change.
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("impute", impute), ("scale", StandardScaler())])


def _category_steps(columns: Sequence[CategoricalColumn]) -> Pipeline:
    known = [np.array([MISSING, *column.categories], dtype=object) for column in columns]
    encode = OrdinalEncoder(
        categories=known, handle_unknown="use_encoded_value", unknown_value=_UNKNOWN_CODE
    )
    codes = [np.arange(_UNKNOWN_CODE, len(categories), dtype=np.float64) for categories in known]
    onehot = OneHotEncoder(categories=codes, handle_unknown="error", sparse_output=False)
    return Pipeline([("encode", encode), ("onehot", onehot)])

"""The columns that training fits: imputers, scalers, and encoders that expect the unexpected.

Each numeric column becomes its standardised value (median where it is missing) and a flag that
says whether it was missing. Each categorical column becomes a one-hot vector with a place for an
unknown category, a place for a missing one, and a place for each category that training knew.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from artifacts.frames import frame_of
from artifacts.sealed_columns import SealedColumns
from guards.schema import MISSING, CanonicalRow, CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "fit_columns",
    "known_categories",
    "numeric_range",
    "with_training_gaps",
]

_UNKNOWN_CODE = -1
_UNSEEN = "\x00unseen"
"""Stands for a category that no table and no request can hold (it has a control character)."""

_GAP_SHARE = 0.02
"""The share of training cells that are blanked, or replaced by an unseen category."""

RARE = 2
"""A category seen fewer times than this in training is treated as unknown."""


def known_categories(values: Iterable[str]) -> tuple[str, ...]:
    """Give the categories worth a place of their own: those seen twice or more, sorted.

    What was seen once cannot be learnt, and teaches the network what an unknown category looks
    like.
    """
    counts = Counter(value for value in values if value != MISSING)
    return tuple(sorted(value for value, count in counts.items() if count >= RARE))


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
    frame = frame_of(schema)
    columns.fit(frame.fill(schema, rows, [""] * len(rows)))
    return SealedColumns(columns, frame)


def with_training_gaps(
    rows: Sequence[CanonicalRow], generator: np.random.Generator
) -> list[CanonicalRow]:
    """Blank a few cells and make a few categories unseen, so that training meets both.

    Without this a network would first see the unknown and missing places in production, through
    weights that were never trained.
    """
    return [
        CanonicalRow(
            numeric=tuple(
                np.nan if gap else value
                for value, gap in zip(row.numeric, _draw(row.numeric, generator), strict=True)
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


def _draw(values: Sequence[float], generator: np.random.Generator) -> NDArray[np.bool_]:
    return np.asarray(generator.random(len(values)) < _GAP_SHARE)


def _gap(value: str, draw: float) -> str:
    if draw < _GAP_SHARE:
        return MISSING
    return _UNSEEN if draw < 2 * _GAP_SHARE else value


def _number_steps() -> Pipeline:
    # A column that is missing throughout still needs its place, or the width would change.
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


def numeric_range(name: str, values: Sequence[float], *, private: bool) -> NumericColumn:
    """Describe a numeric column by the span of its present training values."""
    present = [value for value in values if not np.isnan(value)]
    return NumericColumn(
        name,
        min(present) if present else None,
        max(present) if present else None,
        private=private,
    )

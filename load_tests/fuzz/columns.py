"""Fitted columns that hold every estimator that a bundle may, over the demo's four columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CATEGORIES", "COLUMNS", "NUMBERS", "fitted"]

NUMBERS = ("pages", "amount")
CATEGORIES = ("court", "sender")

_SCALERS = (
    StandardScaler(), MinMaxScaler(clip=True), MaxAbsScaler(), RobustScaler(), Normalizer(),
    Binarizer(), PowerTransformer(), QuantileTransformer(n_quantiles=10, random_state=0),
    KBinsDiscretizer(4, encode="onehot-dense", strategy="uniform"),
    KBinsDiscretizer(3, encode="ordinal", strategy="uniform"), PolynomialFeatures(2),
    VarianceThreshold(), PCA(2, whiten=True, random_state=0), FunctionTransformer(),
    FeatureUnion([("scaled", StandardScaler()), ("ranked", MinMaxScaler())]),
)  # fmt: skip


def _numbers() -> ColumnTransformer:
    parts: list[Any] = [
        (f"part_{index}", Pipeline([("impute", SimpleImputer()), ("scale", scaler)]), [*NUMBERS])
        for index, scaler in enumerate(_SCALERS)
    ]
    imputed = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(with_mean=False)
    )
    chosen = make_column_selector(dtype_include=np.number)
    parts += [("missing", MissingIndicator(features="all"), chosen), ("imputed", imputed, chosen)]
    return ColumnTransformer(parts)


def _common() -> ColumnTransformer:
    """Return what most teams have: imputed and scaled numbers, one-hot categories."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer(
        [("numbers", numbers, [*NUMBERS]), ("categories", categories, [*CATEGORIES])]
    )


def _categories() -> ColumnTransformer:
    names = [*CATEGORIES]
    unknown: Any = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    return ColumnTransformer(
        [
            ("plain", OneHotEncoder(handle_unknown="ignore"), names),
            ("rare", OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist"), names),
            ("few", OneHotEncoder(max_categories=3, handle_unknown="infrequent_if_exist"), names),
            ("ordinal", OrdinalEncoder(**unknown), names),
            ("rank", OrdinalEncoder(min_frequency=10, **unknown), names),
            ("target", TargetEncoder(), names),
        ],
        remainder="drop",
    )


def _texts() -> ColumnTransformer:
    counted = make_pipeline(
        CountVectorizer(ngram_range=(1, 2), max_features=40), TfidfTransformer()
    )
    reduced = make_pipeline(TfidfVectorizer(max_features=60), TruncatedSVD(3, random_state=0))
    return ColumnTransformer(
        [
            ("counted", counted, "text"),
            ("reduced", reduced, "text"),
            ("hashed", HashingVectorizer(n_features=16), "text"),
            ("numbers", SimpleImputer(), [*NUMBERS]),
        ],
        sparse_threshold=0.5,
    )


COLUMNS = {"common": _common, "numbers": _numbers, "categories": _categories, "texts": _texts}
"""How the columns of each kind are made."""

_TAKEN = {
    "common": (*NUMBERS, *CATEGORIES),
    "numbers": NUMBERS,
    "categories": CATEGORIES,
    "texts": ("text", *NUMBERS),
}


def fitted(kind: str, table: pd.DataFrame) -> ColumnTransformer:
    """Return the columns of one kind, fitted on a table of the demo's documents."""
    first = (table["label"] == table["label"].iloc[0]).astype(int)
    return COLUMNS[kind]().fit(table[[*_TAKEN[kind]]], first)

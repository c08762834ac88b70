"""Estimators of the allowlist, fitted with many settings on many kinds of input.

It needs scikit-learn and pandas alone, so that other versions of them can fit the same.
"""

from __future__ import annotations

import warnings
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from scipy import sparse
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
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
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
)

try:
    from sklearn.preprocessing import TargetEncoder
except ImportError:  # since scikit-learn 1.3
    TargetEncoder = None

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["INPUTS", "fitted"]

_ROWS = 24
_NUMBERS = pd.DataFrame(
    {"pages": np.arange(1.0, _ROWS + 1), "amount": np.arange(_ROWS)[::-1] ** 2 + 0.5}
)
_GAPS = _NUMBERS.mask(_NUMBERS["pages"] % 5 == 0)
_WORDS = pd.DataFrame(
    {
        "court": pd.Series(["NDCA", "SDNY", "NDCA", "DDEL"] * 6, dtype=object),
        "sender": pd.Series(["bank", "clerk", None] * 8, dtype=object),
    }
)
_NAN_WORDS = _WORDS.replace({"DDEL": np.nan}).fillna(np.nan)
_MIXED = pd.concat([_NUMBERS, _WORDS], axis=1)
_SPARSE = sparse.csr_matrix(np.eye(_ROWS, 5) * 3.0)
_TEXTS = ["The quick brown fox é", "jumps over the lazy dog", "a fox and a dog"] * 8
_YES_OR_NO = np.arange(_ROWS) % 2
_THREE = np.array(list("xyz") * 8)

INPUTS: dict[str, Any] = {
    "numbers": _NUMBERS,
    "gaps": _GAPS,
    "array": _NUMBERS.to_numpy(),
    "float32": _NUMBERS.to_numpy(dtype=np.float32),
    "float16": np.arange(_ROWS, dtype=np.float16).reshape(-1, 2),
    "integers": np.arange(_ROWS).reshape(-1, 2),
    "int8": np.arange(_ROWS, dtype=np.int8).reshape(-1, 2),
    "truth": _YES_OR_NO.reshape(-1, 1) == 1,
    "constant": np.ones((_ROWS, 2)),
    "empty column": np.array([[1.0, np.nan]] * _ROWS),
    "sparse": _SPARSE,
    "csc": _SPARSE.tocsc(),
    "words": _WORDS,
    "words with nan": _NAN_WORDS,
    "str words": _WORDS[["court"]].astype("string"),
    "numpy words": np.array(_WORDS[["court"]], dtype=str),
    "bytes": np.array(_WORDS[["court"]], dtype="S4"),
    "object integers": np.arange(_ROWS).reshape(-1, 2).astype(object),
    "categorical": _WORDS[["court"]].astype("category"),
    "mixed": _MIXED,
    "texts": _TEXTS,
}
"""What estimators are fitted on, by name."""

_NUMERIC = ["numbers", "gaps", "array", "float32", "float16", "integers", "int8", "truth",
            "constant", "empty column", "sparse", "csc"]  # fmt: skip
_CATEGORIES = ["numbers", "gaps", "integers", "int8", "truth", "words", "words with nan",
               "str words", "numpy words", "bytes", "object integers", "categorical"]  # fmt: skip
_BOTH = [True, False]

_GRIDS: list[tuple[Any, dict[str, list[Any]], list[str]]] = [
    (Binarizer, {"threshold": [0, 1.5, np.float64(2)], "copy": _BOTH}, _NUMERIC),
    (MaxAbsScaler, {"copy": _BOTH}, _NUMERIC),
    (MaxAbsScaler, {"clip": _BOTH}, _NUMERIC),
    (MinMaxScaler, {"feature_range": [(0, 1), (-1.0, 2.5)], "clip": _BOTH}, _NUMERIC),
    (MinMaxScaler, {"feature_range": [[0, 1]]}, _NUMERIC),
    (Normalizer, {"norm": ["l1", "l2", "max"]}, _NUMERIC),
    (PowerTransformer, {"method": ["yeo-johnson", "box-cox"], "standardize": _BOTH}, _NUMERIC),
    (
        QuantileTransformer,
        {
            "n_quantiles": [5, 1000],
            "output_distribution": ["uniform", "normal"],
            "ignore_implicit_zeros": _BOTH,
            "random_state": [None, 3, np.random.RandomState(3)],
            "subsample": [20, None],
        },
        _NUMERIC,
    ),
    (
        RobustScaler,
        {
            "with_centering": _BOTH,
            "with_scaling": _BOTH,
            "unit_variance": _BOTH,
            "quantile_range": [(25.0, 75.0), [10, 90]],
        },
        _NUMERIC,
    ),
    (StandardScaler, {"with_mean": _BOTH, "with_std": _BOTH, "copy": _BOTH}, _NUMERIC),
    (VarianceThreshold, {"threshold": [0, 0.1]}, _NUMERIC),
    (
        KBinsDiscretizer,
        {
            "n_bins": [2, 4],
            "encode": ["onehot", "onehot-dense", "ordinal"],
            "strategy": ["uniform", "quantile"],
            "dtype": [None, np.float32, np.float64],
            "subsample": [None, 20, "warn"],
        },
        _NUMERIC,
    ),
    (KBinsDiscretizer, {"n_bins": [[3, 4], np.array([2, 3])], "strategy": ["kmeans"]}, _NUMERIC),
    (KBinsDiscretizer, {"quantile_method": ["linear", "averaged_inverted_cdf"]}, _NUMERIC),
    (
        PCA,
        {
            "n_components": [None, 1, 0.9, "mle", np.int64(2)],
            "whiten": _BOTH,
            "svd_solver": ["auto", "full", "arpack", "randomized", "covariance_eigh"],
        },
        _NUMERIC,
    ),
    (PCA, {"n_components": [1], "iterated_power": [3], "random_state": [0]}, _NUMERIC),
    (
        TruncatedSVD,
        {
            "n_components": [1],
            "algorithm": ["randomized", "arpack"],
            "random_state": [None, 0, np.random.RandomState(0)],
        },
        _NUMERIC,
    ),
    (
        PolynomialFeatures,
        {
            "degree": [0, 1, 3, (0, 2), (2, 3), [1, 2]],
            "interaction_only": _BOTH,
            "include_bias": _BOTH,
            "order": ["C", "F"],
        },
        _NUMERIC,
    ),
    (
        SimpleImputer,
        {
            "strategy": ["mean", "median", "most_frequent", "constant"],
            "add_indicator": _BOTH,
            "keep_empty_features": _BOTH,
            "missing_values": [np.nan, None, 0, -1, "bank"],
            "fill_value": [None, 0, 1.5, "?"],
        },
        [*_NUMERIC, *_CATEGORIES, "mixed"],
    ),
    (
        MissingIndicator,
        {
            "features": ["missing-only", "all"],
            "sparse": ["auto", True, False],
            "error_on_new": _BOTH,
            "missing_values": [np.nan, None, 0, "bank"],
        },
        [*_NUMERIC, *_CATEGORIES],
    ),
    (
        OneHotEncoder,
        {
            "drop": [None, "first", "if_binary"],
            "handle_unknown": ["error", "ignore", "infrequent_if_exist", "warn"],
            "min_frequency": [None, 7, 0.3],
            "max_categories": [None, 2, np.int64(3)],
            "sparse_output": _BOTH,
        },
        _CATEGORIES,
    ),
    (OneHotEncoder, {"dtype": [np.float32, int, "int8", bool, np.dtype("f4")]}, _CATEGORIES),
    (OneHotEncoder, {"categories": [[["DDEL", "NDCA", "SDNY"]]], "drop": [["NDCA"]]}, _CATEGORIES),
    (OneHotEncoder, {"categories": [[np.array(["DDEL", "NDCA", "SDNY", "x"])]]}, _CATEGORIES),
    (
        OrdinalEncoder,
        {
            "handle_unknown": ["error", "use_encoded_value"],
            "unknown_value": [None, -1, np.nan],
            "encoded_missing_value": [np.nan, -2],
            "dtype": [np.float64, np.int32, "float32"],
        },
        _CATEGORIES,
    ),
    (OrdinalEncoder, {"min_frequency": [3, 0.4], "max_categories": [None, 2]}, _CATEGORIES),
    (FunctionTransformer, {"validate": _BOTH, "accept_sparse": _BOTH}, [*_NUMERIC, "mixed"]),
    (
        FunctionTransformer,
        {"kw_args": [None, {}], "feature_names_out": [None, "one-to-one"]},
        _NUMERIC,
    ),
    (
        CountVectorizer,
        {
            "analyzer": ["word", "char", "char_wb"],
            "ngram_range": [(1, 1), (1, 2), [2, 3]],
            "stop_words": [None, "english", ["a", "the"], {"fox"}, frozenset({"dog"})],
            "max_features": [None, 5, np.int64(4)],
            "binary": _BOTH,
        },
        ["texts"],
    ),
    (CountVectorizer, {"vocabulary": [{"fox": 0, "dog": 1}, ["fox", "dog"], {"fox"}]}, ["texts"]),
    (
        CountVectorizer,
        {
            "strip_accents": [None, "unicode", "ascii"],
            "lowercase": _BOTH,
            "token_pattern": [r"(?u)\b\w+\b", r"[a-z]+"],
            "dtype": [np.int64, np.float32, "int32", float],
            "min_df": [1, 0.1, 2],
            "max_df": [1.0, 20, np.int64(20)],
        },
        ["texts"],
    ),
    (CountVectorizer, {"decode_error": ["ignore"], "encoding": ["latin-1"]}, ["texts"]),
    (
        TfidfVectorizer,
        {
            "norm": ["l1", "l2", None],
            "use_idf": _BOTH,
            "smooth_idf": _BOTH,
            "sublinear_tf": _BOTH,
            "dtype": [np.float32, np.float64],
            "analyzer": ["word", "char_wb"],
        },
        ["texts"],
    ),
    (TfidfVectorizer, {"vocabulary": [{"fox": 0, "dog": 1}], "use_idf": _BOTH}, ["texts"]),
    (
        TfidfTransformer,
        {"norm": ["l1", "l2", None], "use_idf": _BOTH, "smooth_idf": _BOTH, "sublinear_tf": _BOTH},
        ["numbers", "array", "float32", "integers", "int8", "sparse", "csc"],
    ),
    (
        HashingVectorizer,
        {
            "n_features": [16, 2**20],
            "norm": ["l1", "l2", None],
            "alternate_sign": _BOTH,
            "analyzer": ["word", "char"],
            "dtype": [np.float32, np.float64],
        },
        ["texts"],
    ),
    (
        TargetEncoder,
        {
            "smooth": ["auto", 2.0, 1],
            "target_type": ["auto", "continuous"],
            "random_state": [None, 0, np.random.RandomState(5)],
            "shuffle": _BOTH,
        },
        _CATEGORIES,
    ),
    (TargetEncoder, {"categories": ["auto", [["DDEL", "NDCA", "SDNY"]]], "cv": [2]}, _CATEGORIES),
]  # fmt: skip
"""Classes, the settings that are tried in all combinations, and the inputs for each."""


def fitted(every: int = 1) -> Iterator[tuple[str, Any, Any]]:
    """Yield a name, a fitted estimator and its input, for combinations that can be fitted.

    Of all combinations of a class, settings and inputs, one in ``every`` is fitted.
    """
    sequential = joblib.parallel_config(backend="sequential")
    with warnings.catch_warnings(), np.errstate(all="ignore"), sequential:
        warnings.simplefilter("ignore")
        for kind, grid, inputs in _GRIDS:
            for *values, name in islice(product(*grid.values(), inputs), 0, None, every):
                yield from _fitted(kind, dict(zip(grid, values, strict=True)), name)
        yield from _composed()


def _fitted(kind: Any, parameters: dict[str, Any], name: str) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 (a class)
    rows = len(INPUTS[name]) if isinstance(INPUTS[name], list) else INPUTS[name].shape[0]
    for target in (_YES_OR_NO, _THREE) if kind is TargetEncoder else (None,):
        try:
            estimator = kind(**parameters)
            estimator.fit(INPUTS[name], None if target is None else target[:rows])
        except Exception:  # noqa: BLE001, S112 (not every combination can be fitted)
            continue
        yield f"{kind.__name__}({parameters}) of {name}", estimator, INPUTS[name]


def _composed() -> Iterator[tuple[str, Any, Any]]:
    """Yield estimators that hold others."""
    for number, (estimator, name) in enumerate(_compositions()):
        try:
            estimator.fit(INPUTS[name])
        except Exception:  # noqa: BLE001, S112 (older versions refuse some)
            continue
        yield f"composition {number} of {name}", estimator, INPUTS[name]


def _compositions() -> Iterator[tuple[Any, str]]:
    split = [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["pages", "amount"]),
        ("words", OneHotEncoder(handle_unknown="ignore"), ["court"]),
    ]
    text = Pipeline([("words", TfidfVectorizer()), ("topics", TruncatedSVD(2, random_state=0))])
    for remainder in ("drop", "passthrough", OrdinalEncoder()):
        for verbose in _BOTH:
            yield (
                ColumnTransformer(split, remainder=remainder, verbose_feature_names_out=verbose),
                "mixed",
            )
    for columns in (
        slice(0, 1),
        slice("pages", "amount"),
        [0],
        [-1],
        np.array([0]),
        np.array([True, False]),
        [True, False],
        pd.Index(["pages"]),
        pd.Series(["pages"]),
        ("pages",),
        make_column_selector(dtype_include=np.number),
        make_column_selector(dtype_include=object),
        make_column_selector("^p"),
        [],
    ):
        for remainder in ("drop", "passthrough", StandardScaler()):
            yield (
                ColumnTransformer([("a", StandardScaler(), columns)], remainder=remainder),
                "numbers",
            )
        yield ColumnTransformer([("a", "passthrough", columns), ("b", "drop", [1])]), "array"
    for dtype in (int, bool):
        yield ColumnTransformer([("a", OneHotEncoder(dtype=dtype), ["court"])]), "mixed"
    for count in (None, 1, 2, -1):
        yield ColumnTransformer(split, n_jobs=count, sparse_threshold=0), "mixed"
    weights = {"numbers": 0.5, "words": 2}
    yield ColumnTransformer(split, transformer_weights=weights, sparse_threshold=1), "mixed"
    yield ColumnTransformer(split[:1]).set_output(transform="pandas"), "mixed"
    yield ColumnTransformer([("text", CountVectorizer(), "court")]), "mixed"
    yield ColumnTransformer([("text", text, 2)], remainder="drop"), "mixed"
    yield Pipeline([("nothing", "passthrough"), ("scale", StandardScaler())]), "numbers"
    yield Pipeline([("nothing", None), ("scale", MinMaxScaler())], memory="cache"), "numbers"
    yield make_pipeline(PolynomialFeatures(2), VarianceThreshold(), PCA(2)), "numbers"
    yield make_pipeline(SimpleImputer(add_indicator=True), KBinsDiscretizer(3)), "gaps"
    yield make_pipeline(OrdinalEncoder(), MissingIndicator()), "words with nan"
    yield text, "texts"
    yield make_pipeline(CountVectorizer(), TfidfTransformer(), Normalizer()), "texts"
    yield make_pipeline(HashingVectorizer(n_features=64), MaxAbsScaler()), "texts"
    yield make_union(StandardScaler(), PCA(1), "passthrough"), "numbers"
    yield FeatureUnion([("a", StandardScaler()), ("b", "drop")], n_jobs=2), "numbers"
    yield (
        FeatureUnion(
            [("a", SimpleImputer()), ("b", MissingIndicator()), ("c", "passthrough")],
            transformer_weights={"a": 0.5},
        ),
        "gaps",
    )
    yield FeatureUnion([("a", TfidfVectorizer()), ("b", HashingVectorizer(n_features=8))]), "texts"

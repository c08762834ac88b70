"""Estimators of every kind that is compiled, put together at random, and rows for them."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from artifacts.bundle.column_inputs import ColumnInput, ColumnInputs
from guards.schema import MISSING, CanonicalRow, CategoricalColumn, NumericColumn, Schema

if TYPE_CHECKING:
    from artifacts.bundle.estimator import Estimator

__all__ = [
    "CATEGORIES",
    "NUMBERS",
    "SCHEMA",
    "column_inputs_strategy",
    "estimators",
    "live_rows",
    "training_rows",
]

NUMBERS = ("pages", "amount", "age")
CATEGORIES = ("court", "sender", "grade")
KNOWN = ("NDCA", "SDNY", "é", "1")
SCHEMA = Schema(
    text=("text",),
    numeric=tuple(NumericColumn(name, -50.0, 99.5) for name in NUMBERS),
    categorical=tuple(CategoricalColumn(name, KNOWN) for name in CATEGORIES),
    labels=("a", "b"),
)

_ordinary = st.one_of(
    st.floats(-50, 99.5), st.integers(-3, 3).map(float), st.just(math.nan), st.just(-0.0)
)
_huge = (sys.float_info.max, -sys.float_info.max, 1e300, 5e-324, math.inf, -math.inf)
_any_number = st.one_of(
    *[_ordinary] * 3, st.floats(allow_infinity=False), st.sampled_from(_huge[:-2])
)
_any_category = st.one_of(
    *[st.sampled_from([*KNOWN, MISSING])] * 3,
    st.sampled_from(["Mars", "1.5", "+1", "missing_value", "\x00unseen"]),
    st.text(max_size=3),
)


def _rows(
    numbers: st.SearchStrategy[float], categories: st.SearchStrategy[str]
) -> st.SearchStrategy[CanonicalRow]:
    return st.builds(
        CanonicalRow,
        st.tuples(*[numbers] * len(NUMBERS)),
        st.tuples(*[categories] * len(CATEGORIES)),
    )


live_rows = st.lists(
    st.one_of(
        *[_rows(_any_number, _any_category)] * 9,
        _rows(st.one_of(_any_number, st.sampled_from(_huge)), _any_category),
    ),
    min_size=1,
    max_size=8,
)


@st.composite
def training_rows(draw: st.DrawFn) -> list[CanonicalRow]:
    """Draw some rows; one in four has a number that is missing throughout."""
    rows = draw(
        st.lists(
            _rows(_ordinary, st.sampled_from([*KNOWN, *KNOWN, MISSING])), min_size=6, max_size=30
        )
    )
    if draw(st.integers(0, 3)):
        return rows
    return [CanonicalRow((math.nan, *row.numeric[1:]), row.categories) for row in rows]


@st.composite
def column_inputs_strategy(draw: st.DrawFn) -> ColumnInputs:
    """Draw in which form the columns arrive."""
    absent = draw(st.sampled_from([math.nan, math.nan, math.nan, -1.0]))
    missing = draw(st.sampled_from([MISSING, MISSING, math.nan, None]))
    natives = draw(st.sampled_from([{}, {}, {"1": 1}]))
    numbers = [ColumnInput(name, "numeric", {}, absent, None, "float64") for name in NUMBERS]
    categories = [
        ColumnInput(name, "category", natives, missing, None, "object") for name in CATEGORIES[:2]
    ]
    codes = {known: float(code) for code, known in enumerate(KNOWN)}
    coded = ColumnInput("grade", "category", codes, math.nan, 99.0, "float64")
    columns = (*numbers, *categories, coded)
    return ColumnInputs(draw(st.sampled_from(["frame", "frame", "array"])), columns)


_booleans = st.booleans()


def _imputers(missing: object, strategies: tuple[str, ...]) -> st.SearchStrategy[Estimator]:
    return st.builds(
        SimpleImputer,
        missing_values=st.just(missing),
        strategy=st.sampled_from(strategies),
        add_indicator=_booleans,
        keep_empty_features=_booleans,
    )


_scalers = st.one_of(
    st.builds(StandardScaler, with_mean=_booleans, with_std=_booleans),
    st.builds(MinMaxScaler, feature_range=st.sampled_from([(0, 1), (-1.5, 2.0)]), clip=_booleans),
    st.builds(MaxAbsScaler, clip=_booleans),
    st.builds(RobustScaler, with_centering=_booleans, with_scaling=_booleans),
)
_idle = st.one_of(st.builds(FunctionTransformer), st.just("passthrough"))
_limits = st.sampled_from([None, 2, 3])


def _number_steps(column_inputs: ColumnInputs) -> st.SearchStrategy[list[Estimator]]:
    absent = column_inputs.columns[0].missing
    imputers = _imputers(absent, ("mean", "median", "most_frequent", "constant"))
    indicators = st.builds(
        MissingIndicator,
        missing_values=st.just(absent),
        features=st.sampled_from(["all", "missing-only"]),
        sparse=st.sampled_from([True, False, "auto"]),
        error_on_new=_booleans,
    )
    first = st.one_of(imputers, imputers, _scalers, _idle, indicators)
    return st.tuples(first, st.lists(st.one_of(_scalers, _idle, imputers), max_size=2)).map(
        lambda drawn: [drawn[0], *drawn[1]]
    )


def _category_steps(missing: object) -> st.SearchStrategy[list[Estimator]]:
    onehot = st.builds(
        OneHotEncoder,
        handle_unknown=st.sampled_from(["ignore", "ignore", "error", "infrequent_if_exist"]),
        drop=st.sampled_from([None, None, "first", "if_binary"]),
        min_frequency=_limits,
        max_categories=_limits,
        sparse_output=_booleans,
        dtype=st.sampled_from([np.float64, np.float64, np.float32, np.int64]),
    )
    ordinal = st.one_of(
        st.builds(
            OrdinalEncoder,
            handle_unknown=st.just("use_encoded_value"),
            unknown_value=st.sampled_from([-1, np.nan]),
            encoded_missing_value=st.sampled_from([np.nan, -2]),
            min_frequency=_limits,
        ),
        st.builds(OrdinalEncoder),
    )
    imputer = _imputers(missing, ("most_frequent", "constant"))
    after = st.one_of(
        _scalers, st.builds(OneHotEncoder, handle_unknown=st.sampled_from(["ignore", "error"]))
    )
    return st.tuples(
        st.lists(imputer, max_size=1),
        st.one_of(onehot, onehot, ordinal),
        st.lists(after, max_size=1),
    ).map(lambda drawn: [*drawn[0], drawn[1], *drawn[2]])


def _places(among: range) -> st.SearchStrategy[list[int]]:
    return st.lists(st.sampled_from(among), min_size=1, max_size=3, unique=True)


def _pipeline(steps: list[Estimator]) -> Estimator:
    return Pipeline([(f"step {index}", step) for index, step in enumerate(steps)])


@st.composite
def estimators(draw: st.DrawFn, column_inputs: ColumnInputs) -> Estimator:
    """Draw an estimator that is not fitted yet."""
    kind = draw(st.sampled_from(["columns", "columns", "columns", "nested", "after"]))
    columns = draw(_transformers(column_inputs))
    if kind == "columns":
        return columns
    if kind == "nested":
        return ColumnTransformer(
            [
                ("inner", columns, draw(st.permutations(range(6)))),
                ("again", _pipeline(draw(_number_steps(column_inputs))), [1, 0]),
            ],
            sparse_threshold=draw(st.sampled_from([0.0, 0.3, 1.0])),
        )
    return _pipeline([columns, *draw(st.lists(st.one_of(_scalers, _idle), min_size=1, max_size=2))])


@st.composite
def _transformers(draw: st.DrawFn, column_inputs: ColumnInputs) -> Estimator:
    parts: list[tuple[str, Estimator, list[int]]] = []
    for number in range(draw(st.integers(1, 3))):
        what = draw(st.sampled_from(["numbers", "numbers", "texts", "codes", "drop"]))
        if what == "numbers":
            part = (_pipeline(draw(_number_steps(column_inputs))), draw(_places(range(3))))
        elif what == "texts":
            steps = draw(_category_steps(column_inputs.columns[3].missing))
            part = (_pipeline(steps), draw(_places(range(3, 5))))
        elif what == "codes":
            part = (_pipeline(draw(_category_steps(math.nan))), [5])
        else:
            part = ("drop", [0])
        parts.append((f"{what} {number}", *part))
    return ColumnTransformer(
        parts,
        remainder="drop",
        sparse_threshold=draw(st.sampled_from([0.0, 0.3, 1.0])),
    )

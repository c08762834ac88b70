"""Compiled columns: the bits of the estimator that they stand for, or not compiled at all."""

from __future__ import annotations

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from artifacts.bundle.column_inputs import ColumnInput, ColumnInputs
from artifacts.bundle.compiled.compiling import assemble
from artifacts.bundle.compiled.estimator_output import same_bits
from artifacts.bundle.compiled.reading import outputs_of
from artifacts.bundle.sealed_columns import SealedColumns, compiled_of, estimator_of
from artifacts.training.columns import fit_columns
from guards.integrity.state.fingerprint import digest
from guards.schema import MISSING, CanonicalRow
from tests.artifacts.bundle.compiled.estimators import (
    CATEGORIES,
    KNOWN,
    NUMBERS,
    SCHEMA,
    column_inputs_strategy,
    estimators,
    live_rows,
    training_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifacts.bundle.compiled import CompiledColumns
    from artifacts.bundle.compiled.estimator_output import Floats
    from artifacts.bundle.estimator import Estimator
    from guards.json_types import JsonObject

GENERATOR = np.random.default_rng(3)
ROWS = [
    CanonicalRow(
        tuple(math.nan if GENERATOR.random() < 0.1 else x for x in GENERATOR.normal(9, 30, 3)),
        tuple(map(str, GENERATOR.choice([*KNOWN, MISSING], 3))),
    )
    for _ in range(60)
]
TARGETS = GENERATOR.integers(0, 2, len(ROWS))
EDGES = [
    *ROWS,
    CanonicalRow((math.nan,) * 3, (MISSING,) * 3),
    CanonicalRow((-0.0, 0.0, 1e300), ("Mars", "Mars", "Mars")),
    CanonicalRow((5e-324, -1e300, 7.0), (KNOWN[0], "Mars", MISSING)),
]


def column_inputs_of(
    shape: Literal["frame", "array"] = "frame", absent: float = math.nan
) -> ColumnInputs:
    """Return the frame of canonical values, or of an array, with or without NaN for a number."""
    numbers = [ColumnInput(name, "numeric", {}, absent, None, "float64") for name in NUMBERS]
    texts = [ColumnInput(name, "category", {}, MISSING, None, "object") for name in CATEGORIES]
    return ColumnInputs(shape, (*numbers, *texts))


def sealed(
    estimator: Estimator, column_inputs: ColumnInputs, rows: Sequence[CanonicalRow] = ROWS
) -> SealedColumns:
    """Fit an estimator and seal it."""
    return SealedColumns(
        estimator.fit(column_inputs.fill(SCHEMA, rows, texts_of(rows)), TARGETS), column_inputs
    )


def texts_of(rows: Sequence[CanonicalRow]) -> list[str]:
    """Return a text for each row."""
    return ["a text"] * len(rows)


def transformed(columns: SealedColumns, rows: Sequence[CanonicalRow]) -> Floats:
    """Transform rows."""
    return columns.transform(SCHEMA, rows, texts_of(rows))


def steps_of(columns: SealedColumns) -> CompiledColumns:
    """Return the compiled steps."""
    compiled = compiled_of(columns)
    assert compiled is not None
    return compiled


# Fitting is slow, so that shrinking what fails would take longer than a test may.
@settings(max_examples=10, phases=[Phase.generate])
@given(st.data())
def test_bits_of_any_estimator(data: st.DataObject) -> None:
    """Whatever is compiled, before any proof, gives scikit-learn's bits for any row and batch."""
    column_inputs, rows, live = (
        data.draw(column_inputs_strategy()),
        data.draw(training_rows()),
        data.draw(live_rows),
    )
    estimator = data.draw(estimators(column_inputs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = fitted_or_none(estimator, column_inputs, rows)
        assume(plain is not None)
        assert plain is not None
        compiled = compiled_or_none(plain, rows)
        assume(compiled is not None)
        assert compiled is not None
        assert plain.compiled_for(SCHEMA, rows).compiled
        for some in (*([row] for row in live), live, rows):
            found = compiled.transform(some)
            assert found is None or same_bits(found, transformed(plain, some))


def fitted_or_none(
    estimator: Estimator, column_inputs: ColumnInputs, rows: Sequence[CanonicalRow]
) -> SealedColumns | None:
    """Return the sealed estimator; None for what scikit-learn cannot fit or use."""
    try:
        estimator.fit(column_inputs.fill(SCHEMA, rows, texts_of(rows)))
        columns = SealedColumns(estimator, column_inputs)
        transformed(columns, rows[:1])
    except (ArithmeticError, TypeError, ValueError):
        return None
    return columns


def compiled_or_none(
    columns: SealedColumns, rows: Sequence[CanonicalRow]
) -> CompiledColumns | None:
    """Compile columns without proof; None where that is declined."""
    estimator = estimator_of(columns)

    def transform(some: Sequence[CanonicalRow]) -> Floats:
        return transformed(columns, some)

    try:
        outputs = outputs_of(estimator, columns.column_inputs)
        return assemble(outputs, columns.column_inputs, SCHEMA, rows[0], transform)
    except Exception:  # noqa: BLE001 (whatever it is, the estimator stays)
        return None


def _numbers(*steps: Estimator) -> Estimator:
    return ColumnTransformer([("numbers", make_pipeline(*steps), [0, 1, 2])])


def _categories(*steps: Estimator, **options: object) -> Estimator:
    return ColumnTransformer([("categories", make_pipeline(*steps), [3, 4, 5])], **options)


UNKNOWN_AS_MINUS_ONE: JsonObject = {
    "handle_unknown": "use_encoded_value",
    "unknown_value": -1,
}
COMPILED: dict[str, Callable[[], Estimator]] = {
    "imputed and standardised": lambda: _numbers(SimpleImputer(), StandardScaler()),
    "indicator standardised": lambda: _numbers(SimpleImputer(add_indicator=True), StandardScaler()),
    "constant": lambda: _numbers(SimpleImputer(strategy="constant", fill_value=-7.5)),
    "frequent": lambda: _numbers(SimpleImputer(strategy="most_frequent"), RobustScaler()),
    "not imputed": lambda: _numbers(StandardScaler(with_mean=False)),
    "scaled before imputed": lambda: _numbers(MinMaxScaler(), SimpleImputer(strategy="median")),
    "clipped": lambda: _numbers(SimpleImputer(), MinMaxScaler((-1, 1), clip=True)),
    "two scalers": lambda: _numbers(SimpleImputer(), RobustScaler(), MaxAbsScaler()),
    "indicator": lambda: _numbers(MissingIndicator(features="all")),
    "identity": lambda: _numbers(FunctionTransformer(), "passthrough"),
    "one-hot": lambda: _categories(OneHotEncoder(handle_unknown="ignore")),
    "dropped first": lambda: _categories(OneHotEncoder(handle_unknown="ignore", drop="first")),
    "infrequent": lambda: _categories(
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=14)
    ),
    "ordinal": lambda: _categories(OrdinalEncoder(**UNKNOWN_AS_MINUS_ONE)),
    "ordinal infrequent": lambda: _categories(
        OrdinalEncoder(**UNKNOWN_AS_MINUS_ONE, max_categories=3), StandardScaler()
    ),
    "imputed and encoded": lambda: _categories(
        SimpleImputer(missing_values=MISSING, strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    ),
    "the rest as it is": lambda: ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore"), [4, 3, 5])],
        remainder="passthrough",
    ),
    "sparse": lambda: ColumnTransformer(
        [
            ("numbers", StandardScaler(with_mean=False), [2, 0, 1]),
            ("categories", OneHotEncoder(handle_unknown="ignore"), [3, 4, 5]),
        ],
        sparse_threshold=1.0,
    ),
    "nested": lambda: make_pipeline(
        ColumnTransformer(
            [
                ("inner", _numbers(SimpleImputer(add_indicator=True)), [2, 1, 0]),
                ("categories", OneHotEncoder(handle_unknown="ignore"), [3, 4, 5]),
                ("none", "drop", [0]),
            ],
            sparse_threshold=0.0,
        ),
        StandardScaler(),
    ),
}


@pytest.mark.filterwarnings("ignore:Found unknown categories")  # as the module of the columns does
@pytest.mark.parametrize("shape", ["frame", "array"])
@pytest.mark.parametrize("name", COMPILED)
def test_compiled_with_the_same_bits(name: str, shape: Literal["frame", "array"]) -> None:
    """What is common is compiled, and answers every edge itself, in single rows and at once."""
    plain = sealed(COMPILED[name](), column_inputs_of(shape))
    columns = plain.compiled_for(SCHEMA, ROWS)

    assert columns.compiled
    assert not plain.compiled
    for rows in (*([row] for row in EDGES[-15:]), EDGES):
        found = steps_of(columns).transform(rows)
        assert found is not None
        assert same_bits(found, transformed(plain, rows))
        assert transformed(columns, rows).tobytes() == found.tobytes()


def test_compiled_as_training_fits_them() -> None:
    """The columns that Understudy fits itself are compiled, with an empty schema column too."""
    rows = [replace(row, numeric=(math.nan, *row.numeric[1:])) for row in ROWS]
    plain = fit_columns(SCHEMA, rows)
    assert plain is not None
    columns = plain.compiled_for(SCHEMA, rows)

    found = steps_of(columns).transform(EDGES)

    assert found is not None
    assert found.tobytes() == transformed(plain, EDGES).tobytes()


def test_another_value_stands_for_a_missing_number() -> None:
    """A number that training had in the place of a missing one is filled like NaN elsewhere."""
    estimator = _numbers(SimpleImputer(missing_values=-1, add_indicator=True), StandardScaler())
    plain = sealed(estimator, column_inputs_of(absent=-1))
    columns = plain.compiled_for(SCHEMA, ROWS)

    rows = [*EDGES, CanonicalRow((-1.0, math.nan, 2.0), (KNOWN[0],) * 3)]

    found = steps_of(columns).transform(rows)
    assert found is not None
    assert same_bits(found, transformed(plain, rows))


class Lookalike(StandardScaler):  # type: ignore[misc]  # scikit-learn is untyped
    """Could do anything in its transform."""


DECLINED: dict[str, Callable[[], Estimator]] = {
    "power": lambda: _numbers(SimpleImputer(), PowerTransformer()),
    "bins": lambda: _numbers(
        SimpleImputer(), KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")
    ),
    "target": lambda: _categories(TargetEncoder()),
    "union": lambda: _numbers(FeatureUnion([("one", StandardScaler())])),
    "subclass": lambda: _numbers(Lookalike()),
    "an output of its own": lambda: _numbers(StandardScaler().set_output(transform="pandas")),
    "function": lambda: _numbers(FunctionTransformer(np.arcsinh)),
    "in place": lambda: _numbers(StandardScaler(copy=False)),
    "weights": lambda: ColumnTransformer(
        [("numbers", StandardScaler(), [0])], transformer_weights={"numbers": 2.0}
    ),
    "encoder of numbers": lambda: _numbers(OneHotEncoder(handle_unknown="ignore")),
    "scaler of sparse numbers": lambda: make_pipeline(
        ColumnTransformer(
            [
                ("numbers", SimpleImputer(), [0, 1, 2]),
                ("categories", OneHotEncoder(handle_unknown="ignore"), [3, 4, 5]),
            ],
            sparse_threshold=1.0,
        ),
        MaxAbsScaler(),
    ),
    "a number scaled, then dropped": lambda: make_pipeline(
        _numbers(StandardScaler()), ColumnTransformer([("one", "passthrough", [0])])
    ),
}


@pytest.mark.parametrize("name", DECLINED)
def test_declined_answers_as_ever(name: str) -> None:
    """What is not known to the last bit stays with the estimator."""
    plain = sealed(DECLINED[name](), column_inputs_of())
    columns = plain.compiled_for(SCHEMA, ROWS)

    assert not columns.compiled
    assert same_bits(transformed(columns, ROWS), transformed(plain, ROWS))


@pytest.mark.parametrize(("name", "value"), [("later", 1), ("_hook", len), ("transform_", len)])
def test_attributes_of_unknown_meaning_are_declined(name: str, value: object) -> None:
    """An attribute that neither a known parameter nor fitting sets may mean anything."""
    plain = sealed(StandardScaler(), ColumnInputs("frame", column_inputs_of().columns[:3]))
    assert plain.compiled_for(SCHEMA, ROWS).compiled
    setattr(estimator_of(plain), name, value)

    assert not plain.compiled_for(SCHEMA, ROWS).compiled


def test_parameters_of_later_versions_are_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parameter that a class did not have is declined until somebody has looked at it."""
    plain = sealed(StandardScaler(), ColumnInputs("frame", column_inputs_of().columns[:3]))
    known = StandardScaler.get_params
    later = {"later": None}
    monkeypatch.setattr(
        StandardScaler, "get_params", lambda self, deep: {**known(self, deep), **later}
    )

    assert not plain.compiled_for(SCHEMA, ROWS).compiled


def test_texts_are_declined() -> None:
    """Words have no table."""
    column_inputs = ColumnInputs("texts", ())
    texts = ["motion filed", "motion denied"] * 30
    columns = SealedColumns(TfidfVectorizer().fit(texts), column_inputs).compiled_for(SCHEMA, ROWS)

    assert not columns.compiled
    assert columns.transform(SCHEMA, ROWS, texts).shape == (60, 3)


def test_no_row_no_proof() -> None:
    """Without a row that the estimator takes there is nothing to compare."""
    plain = sealed(_numbers(StandardScaler()), column_inputs_of())

    assert not plain.compiled_for(SCHEMA, []).compiled


@pytest.mark.parametrize(
    "row",
    [
        CanonicalRow((1.0, 2.0, 3.0), (KNOWN[0], "Mars", KNOWN[0])),
        CanonicalRow((1.0, math.inf, 3.0), (KNOWN[0],) * 3),
        CanonicalRow((-math.inf, 2.0, 3.0), (KNOWN[0],) * 3),
    ],
)
def test_errors_are_the_estimators(row: CanonicalRow) -> None:
    """An input that the estimator refuses is refused in its own words, alone and in a batch."""
    estimator = ColumnTransformer(
        [("numbers", StandardScaler(), [0, 1, 2]), ("categories", OneHotEncoder(), [3, 4, 5])]
    )
    plain = sealed(estimator, column_inputs_of())
    columns = plain.compiled_for(SCHEMA, ROWS)
    assert columns.compiled

    for rows in ([row], [*ROWS, row]):
        with pytest.raises(ValueError, match=r"unknown categories|infinity") as expected:
            transformed(plain, rows)
        with pytest.raises(ValueError, match=r"unknown categories|infinity") as found:
            transformed(columns, rows)
        assert str(found.value) == str(expected.value)


def test_encoder_whose_output_is_dropped_still_refuses() -> None:
    """A category that one encoder refuses is refused, though no place of the output shows it."""
    dropping = ColumnTransformer([("first", "passthrough", [0])])
    estimator = make_pipeline(_categories(OrdinalEncoder()), dropping)
    columns = sealed(estimator, column_inputs_of()).compiled_for(SCHEMA, ROWS)
    assert columns.compiled

    with pytest.raises(ValueError, match="unknown categories"):
        transformed(columns, [CanonicalRow((1.0, 2.0, 3.0), (KNOWN[0], KNOWN[0], "Mars"))])


def test_number_too_large_between_two_steps_is_refused() -> None:
    """What overflows in one step is refused by the next, and not bounded by it."""
    estimator = _numbers(MinMaxScaler((-1000, 1000)), MinMaxScaler(clip=True))
    rows = [replace(row, numeric=tuple(x / 1e9 for x in row.numeric)) for row in ROWS]
    plain = sealed(estimator, column_inputs_of(), rows)
    columns = plain.compiled_for(SCHEMA, rows)
    assert columns.compiled

    with (
        warnings.catch_warnings(action="ignore", category=RuntimeWarning),
        pytest.raises(ValueError, match="infinity"),
    ):
        transformed(columns, [replace(ROWS[0], numeric=(1e308, 0.0, 0.0))])


def test_another_schema_is_the_estimators() -> None:
    """Rows of another order are never read by places that were compiled for this one."""
    plain = sealed(_numbers(StandardScaler()), column_inputs_of())
    columns = plain.compiled_for(SCHEMA, ROWS)
    turned = replace(SCHEMA, numeric=SCHEMA.numeric[::-1])
    rows = [replace(row, numeric=row.numeric[::-1]) for row in ROWS]

    found = columns.transform(turned, rows, texts_of(rows))

    assert same_bits(found, transformed(plain, ROWS))


def test_library_that_answers_otherwise_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the installed library leaves the compiled steps, its answer is the one to be judged."""
    plain = sealed(_numbers(SimpleImputer(), StandardScaler()), column_inputs_of())
    before = transformed(plain, ROWS)
    transform = StandardScaler.transform
    monkeypatch.setattr(StandardScaler, "transform", lambda self, x: transform(self, x) * 2)

    columns = plain.compiled_for(SCHEMA, ROWS)

    assert not columns.compiled
    assert same_bits(transformed(columns, ROWS), before * 2)


def test_library_that_answers_otherwise_for_one_given_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row that is given is compared, so that one which differs is enough."""
    plain = sealed(_numbers(SimpleImputer(), StandardScaler()), column_inputs_of())
    transform = StandardScaler.transform
    odd = CanonicalRow((12345.678, 1.0, 2.0), (KNOWN[0],) * 3)

    def otherwise(self: Estimator, x: Floats) -> Floats:
        return np.where(x == odd.numeric[0], np.nan, transform(self, x))

    monkeypatch.setattr(StandardScaler, "transform", otherwise)

    assert plain.compiled_for(SCHEMA, ROWS).compiled
    assert not plain.compiled_for(SCHEMA, [*ROWS, odd]).compiled


def test_estimator_that_raises_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """An estimator that cannot transform any more is left to fail as it does."""
    plain = sealed(_numbers(StandardScaler()), column_inputs_of())
    monkeypatch.delattr(StandardScaler, "transform")

    assert not plain.compiled_for(SCHEMA, ROWS).compiled


def test_threads_need_no_lock() -> None:
    """Many threads get what one gets, while somebody else holds the estimator."""
    plain = sealed(COMPILED["nested"](), column_inputs_of())
    columns = plain.compiled_for(SCHEMA, ROWS)
    expected = transformed(plain, EDGES).tobytes()

    with columns.estimator_lock, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: transformed(columns, EDGES).tobytes(), range(40)))

    assert found == [expected] * 40


def test_answers_are_the_callers_own() -> None:
    """What is written to an answer shows in no other."""
    columns = sealed(COMPILED["sparse"](), column_inputs_of()).compiled_for(SCHEMA, ROWS)
    first = transformed(columns, ROWS)
    expected = first.copy()

    first[:] = 7.0

    assert same_bits(transformed(columns, ROWS), expected)


def test_nothing_can_be_written() -> None:
    """Neither a constant nor a table of the compiled steps can be changed in place."""
    columns = sealed(COMPILED["nested"](), column_inputs_of()).compiled_for(SCHEMA, ROWS)
    steps: Any = steps_of(columns)  # writes that the types forbid

    with pytest.raises(ValueError, match="read-only"):
        steps.layers[0].fill[0] = 7.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        steps.layers[0].fill.flags.writeable = True
    with pytest.raises(TypeError, match="item assignment"):
        steps.tables[0].known["NDCA"] = b""
    with pytest.raises(FrozenInstanceError):
        steps.tables[0].unknown = b""


def test_state_tells_every_change() -> None:
    """The digest of the steps is the same until any part of them is another."""
    estimator = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore"), [3, 4, 5]),
            ("numbers", make_pipeline(SimpleImputer(), RobustScaler(), MaxAbsScaler()), [0, 1, 2]),
        ]
    )
    columns = sealed(estimator, column_inputs_of()).compiled_for(SCHEMA, ROWS)
    steps = steps_of(columns)
    before = digest(steps.state)
    assert digest(steps.state) == before

    others = (
        replace(steps, sources=steps.sources[::-1]),
        replace(steps, layers=steps.layers[:1]),
        replace(steps, layers=(replace(steps.layers[0], fill=None), *steps.layers[1:])),
        replace(steps, tables=(replace(steps.tables[0], unknown=None), *steps.tables[1:])),
        replace(steps, tables=(replace(steps.tables[0], known={}), *steps.tables[1:])),
        replace(steps, order=None),
        replace(steps, absent=np.zeros(3)),
    )

    assert len({before, *(digest(other.state) for other in others)}) == len(others) + 1

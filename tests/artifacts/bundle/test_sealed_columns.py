"""Fitted columns behind their face: they transform as before, and nothing about them changes."""

from __future__ import annotations

import copy
import io
import math
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from artifacts.bundle.column_inputs import ColumnInput, ColumnInputs
from artifacts.bundle.sealed_columns import SealedColumns, estimator_of
from guards.integrity.state.fingerprint import digest
from guards.schema import MISSING, CanonicalRow, CategoricalColumn, NumericColumn, Schema
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from artifacts.bundle.estimator import Estimator
    from guards.json_types import JsonObject

COURTS = ("DDEL", "NDCA", "SDNY")
SCHEMA = Schema(
    text=("text",),
    numeric=(NumericColumn("pages", 0.0, 99.0), NumericColumn("amount", 0.0, 99.0)),
    categorical=(CategoricalColumn("court", COURTS), CategoricalColumn("sender", COURTS)),
    labels=("a", "b"),
)
NUMBERS = tuple(
    ColumnInput(c.name, "numeric", {}, math.nan, None, "float64") for c in SCHEMA.numeric
)
CATEGORIES = tuple(
    ColumnInput(c.name, "category", {}, MISSING, None, "object") for c in SCHEMA.categorical
)
FRAMES = {
    "numbers": ColumnInputs("array", NUMBERS),
    "categories": ColumnInputs("array", CATEGORIES),
    "texts": ColumnInputs("texts", ()),
    "columns": ColumnInputs("frame", (*NUMBERS, *CATEGORIES)),
}
WORDS = ["motion", "filed", "denied", "court", "supplier", "goods", "invoice", "letter"]
GENERATOR = np.random.default_rng(5)
ROWS = [
    CanonicalRow(tuple(GENERATOR.lognormal(size=2).tolist()), tuple(GENERATOR.choice(COURTS, 2)))
    for _ in range(120)
]
TEXTS = [" ".join(GENERATOR.choice(WORDS, 6)) for _ in ROWS]
TARGETS = GENERATOR.integers(0, 3, len(ROWS))
BINS: JsonObject = {"n_bins": 4, "quantile_method": "averaged_inverted_cdf"}


def _joined() -> ColumnTransformer:
    return ColumnTransformer(
        [
            (
                "numeric",
                FeatureUnion([("a", StandardScaler()), ("b", KBinsDiscretizer(**BINS))]),
                ["pages", "amount"],
            ),
            ("courts", Pipeline([("encode", OneHotEncoder())]), ["court", "sender"]),
        ]
    )


ESTIMATORS: dict[str, tuple[str, Callable[[], Estimator]]] = {
    "StandardScaler": ("numbers", StandardScaler),
    "MinMaxScaler": ("numbers", MinMaxScaler),
    "RobustScaler": ("numbers", RobustScaler),
    "PowerTransformer": ("numbers", PowerTransformer),
    "PowerTransformer box-cox": ("numbers", lambda: PowerTransformer("box-cox")),
    "QuantileTransformer": ("numbers", lambda: QuantileTransformer(n_quantiles=40)),
    "QuantileTransformer normal": (
        "numbers",
        lambda: QuantileTransformer(n_quantiles=40, output_distribution="normal"),
    ),
    "KBinsDiscretizer": ("numbers", lambda: KBinsDiscretizer(**BINS)),
    "KBinsDiscretizer ordinal": ("numbers", lambda: KBinsDiscretizer(**BINS, encode="ordinal")),
    "SimpleImputer": ("numbers", lambda: SimpleImputer(add_indicator=True)),
    "OneHotEncoder": ("categories", lambda: OneHotEncoder(handle_unknown="ignore")),
    "OneHotEncoder infrequent": (
        "categories",
        lambda: OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=40),
    ),
    "OrdinalEncoder": (
        "categories",
        lambda: OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=40
        ),
    ),
    "TargetEncoder": ("categories", TargetEncoder),
    "TfidfVectorizer": ("texts", lambda: TfidfVectorizer(stop_words=["court"])),
    "TfidfVectorizer and TruncatedSVD": (
        "texts",
        lambda: make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0)),
    ),
    "nested": ("columns", _joined),
}
every_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def fitted(name: str) -> tuple[Estimator, ColumnInputs]:
    """Fit an estimator, and read it from bytes as a bundle's is."""
    given, make = ESTIMATORS[name]
    estimator = make().fit(FRAMES[given].fill(SCHEMA, ROWS, TEXTS), TARGETS)
    joblib.dump(estimator, buffer := io.BytesIO())
    return joblib.load(buffer), FRAMES[given]


def sealed(name: str = "StandardScaler") -> SealedColumns:
    """Fit an estimator and seal it."""
    return SealedColumns(*fitted(name))


def transformed(columns: SealedColumns) -> NDArray[np.float64]:
    """Transform every row."""
    return columns.transform(SCHEMA, ROWS, TEXTS)


class _Arrays(pickle.Pickler):
    """Collects every array that an object holds, wherever it holds it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO())
        self.found: list[NDArray[np.generic]] = []

    def persistent_id(self, held: object) -> None:
        if isinstance(held, np.ndarray):
            self.found.append(held)


def arrays_of(estimator: Estimator) -> list[NDArray[np.generic]]:
    """Find every array inside an estimator."""
    arrays = _Arrays()
    arrays.dump(estimator)
    return arrays.found


@every_estimator
def test_transforms_as_before_sealing(name: str) -> None:
    """Read-only arrays are all that transforming needs, and many threads get what one gets."""
    estimator, column_inputs = fitted(name)
    expected = estimator.transform(column_inputs.fill(SCHEMA, ROWS, TEXTS))
    expected = expected.toarray() if hasattr(expected, "toarray") else expected
    columns = sealed(name)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: transformed(columns), range(12)))

    assert all(one.tobytes() == expected.astype(np.float64).tobytes() for one in found)


@every_estimator
def test_transforming_leaves_the_digest_alone(name: str) -> None:
    """What transforming writes down for itself is no part of what was fitted."""
    estimator, column_inputs = fitted(name)
    before = digest(estimator)
    columns = SealedColumns(estimator, column_inputs)
    assert digest(estimator) == before

    transformed(columns)

    assert digest(estimator) == before


@every_estimator
def test_every_array_is_read_only(name: str) -> None:
    """Wherever an estimator keeps an array, it cannot be changed in place."""
    for array in arrays_of(estimator_of(sealed(name))):
        assert not array.flags.writeable
        assert array.base is None or not getattr(array.base, "flags", array.flags).writeable


def test_change_in_place_raises() -> None:
    """Assigning to a place of what was fitted is refused by the array."""
    estimator = estimator_of(sealed())

    with pytest.raises(ValueError, match="read-only"):
        estimator.mean_[0] = 45.1
    with pytest.raises(ValueError, match="read-only"):
        estimator.scale_ *= 2


def test_sparse_arrays_views_and_arrays_of_arrays() -> None:
    """Arrays that others hold, or look at, are made read-only with them."""
    estimator = StandardScaler()
    whole = np.arange(4.0)
    estimator.sparse_ = sparse.csr_array(np.eye(2))
    estimator.view_ = whole[:2]
    estimator.edges_ = np.array([np.zeros(2), np.zeros(3)], dtype=object)
    estimator.kept_ = {"in": [(np.zeros(2),)]}
    estimator.itself_ = estimator

    SealedColumns(estimator, FRAMES["numbers"])

    for array in (
        estimator.sparse_.data,
        estimator.sparse_.indices,
        whole,
        estimator.view_,
        estimator.edges_,
        *estimator.edges_,
        estimator.kept_["in"][0][0],
    ):
        assert not array.flags.writeable


@pytest.mark.parametrize(
    "name", ["fit", "partial_fit", "fit_transform", "set_params", "set_output", "mean_", "__dict__"]
)
def test_there_is_nothing_but_transforming(name: str) -> None:
    """The face has no method that fits, and shows nothing of what was fitted."""
    with pytest.raises(AttributeError, match=f"can only be used: there is no '{name}'"):
        getattr(sealed(), name)


@pytest.mark.parametrize("name", ["mean_", "column_inputs", "transform", "_estimator"])
def test_assigning_and_deleting_raise(name: str) -> None:
    """No attribute can be set or removed, whether it is there or not."""
    columns = sealed()

    with pytest.raises(AttributeError, match=f"cannot be changed: '{name}'"):
        setattr(columns, name, None)
    with pytest.raises(AttributeError, match=f"cannot be changed: '{name}'"):
        delattr(columns, name)


def test_there_are_no_items() -> None:
    """The steps inside cannot be reached by name or place."""
    columns: Any = sealed("nested")

    with pytest.raises(TypeError, match="not subscriptable"):
        columns["numeric"]
    with pytest.raises(TypeError, match="item assignment"):
        columns[0] = None


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps])
def test_there_are_no_copies(make: Callable[[object], object]) -> None:
    """A copy would have arrays that can be written, and nobody would look at it again."""
    with pytest.raises(TypeError, match="cannot be copied or pickled: open the bundle again"):
        make(sealed())


def test_what_can_still_be_changed_is_seen() -> None:
    """Dictionaries, lists and attributes have no lock; the digest tells that they changed."""
    columns = estimator_of(sealed("TfidfVectorizer and TruncatedSVD"))
    before = digest(columns)
    words = columns[0].vocabulary_

    words["motion"], words["letter"] = words["letter"], words["motion"]
    assert digest(columns) != before
    words["motion"], words["letter"] = words["letter"], words["motion"]
    assert digest(columns) == before

    columns.steps.pop()
    assert digest(columns) != before


def test_digest_is_the_same_in_every_process() -> None:
    """An address that a vectorizer keeps, and writes at its first transform, does not count."""
    estimator, _ = fitted("TfidfVectorizer")
    before = digest(estimator)
    assert "_stop_words_id" in vars(estimator)

    estimator.__dict__["_stop_words_id"] += 16  # what another process would have there
    assert digest(estimator) == before

    del estimator.__dict__["_stop_words_id"]
    assert digest(estimator) == before


class WritingScaler(StandardScaler):  # type: ignore[misc]  # scikit-learn is untyped
    """Writes to itself while it transforms, and puts it back, as some of scikit-learn's do."""

    writing = Event()
    go_on = Event()

    def transform(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Transform as soon as the test lets it."""
        self.dtype_ = columns.dtype
        self.writing.set()
        assert self.go_on.wait(PATIENCE_S)
        del self.dtype_
        return np.asarray(super().transform(columns))


def test_at_rest_nothing_is_being_written() -> None:
    """Who holds ``estimator_lock`` waits for a running transform, and keeps others waiting."""
    column_inputs = FRAMES["numbers"]
    estimator = WritingScaler().fit(column_inputs.fill(SCHEMA, ROWS, TEXTS))
    columns, before = SealedColumns(estimator, column_inputs), digest(estimator)
    thread = Thread(target=transformed, args=[columns])

    thread.start()
    try:
        assert estimator.writing.wait(PATIENCE_S)
        assert digest(estimator) != before
        assert columns.estimator_lock.locked()
    finally:
        estimator.go_on.set()

    with columns.estimator_lock:
        assert digest(estimator) == before
    thread.join(PATIENCE_S)


def test_discretizer_fitted_on_single_precision() -> None:
    """It changes the type of its encoder while it transforms; threads do not leave it changed."""
    column_inputs = FRAMES["numbers"]
    filled = np.asarray(column_inputs.fill(SCHEMA, ROWS, TEXTS), dtype=np.float32)
    estimator = KBinsDiscretizer(**BINS).fit(filled)
    columns, before = SealedColumns(estimator, column_inputs), digest(estimator)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: transformed(columns), range(100)))

    assert digest(estimator) == before


def test_frame_is_kept_as_it_is() -> None:
    """The face says which input its columns take."""
    assert sealed().column_inputs == FRAMES["numbers"]
    assert sealed().column_inputs != replace(FRAMES["numbers"], shape="frame")
    assert estimator_of(None) is None


UNKNOWN = """
import warnings

from sklearn.preprocessing import OneHotEncoder

filters = list(warnings.filters)

from artifacts.bundle.column_inputs import column_inputs_of
from artifacts.bundle.sealed_columns import SealedColumns
from guards.schema import CanonicalRow, CategoricalColumn, Schema

assert warnings.filters == filters

schema = Schema(("text",), (), (CategoricalColumn("court", ("NDCA",)),), ("a", "b"))
inputs = column_inputs_of(schema)
known, unknown = CanonicalRow((), ("NDCA",)), CanonicalRow((), ("Mars",))
encoder = OneHotEncoder(handle_unknown="warn").fit(inputs.fill(schema, [known], [""]))
columns = SealedColumns(encoder, inputs)
assert columns.transform(schema, [known, unknown], ["", ""]).tolist() == [[1.0], [0.0]]
"""


def test_unknown_categories_are_not_said_twice() -> None:
    """Sealed columns silence the library's warning at every such request; an import does not."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", UNKNOWN], check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")


def thread_of(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return who transforms: the process and the thread, for each row."""
    here = [float(os.getpid()), float(threading.get_ident() % 2**40)]
    return np.array([here] * len(numbers))


@pytest.mark.parametrize("kind", ["columns", "union"])
def test_jobs_of_a_bundle_that_was_sealed_with_them(kind: str) -> None:
    """However many jobs the estimator asks for, the thread that was asked does all of it."""
    parts = [(name, FunctionTransformer(thread_of)) for name in ("a", "b")]
    numbers = [column.name for column in SCHEMA.numeric]
    estimator: Estimator = (
        FeatureUnion(parts)
        if kind == "union"
        else ColumnTransformer([(*part, numbers) for part in parts])
    )
    inputs = ColumnInputs("frame", NUMBERS)
    estimator.fit(inputs.fill(SCHEMA, ROWS, TEXTS)).set_params(n_jobs=-1)

    encoded = SealedColumns(estimator, inputs).transform(SCHEMA, ROWS, TEXTS)

    np.testing.assert_array_equal(encoded[:, :2], thread_of(encoded))
    np.testing.assert_array_equal(encoded[:, 2:], thread_of(encoded))
    assert estimator.n_jobs == -1

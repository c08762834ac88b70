"""Columns are sealed with one job, as arrays, and without what only fitting needs."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import Memory
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from artifacts.imported.serving_form import set_serving_form
from guards.integrity.state.fingerprint import digest
from guards.integrity.unpickling.unpickler import loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from artifacts.bundle.estimator import Estimator

NUMBERS = ["age", "fare"]
FRAME = pd.DataFrame(
    {
        "age": [20.0, np.nan, 40.0, 60.0],
        "fare": [7.0, 8.0, 9.5, 30.0],
        "city": pd.Series(["Rome", "Oslo", "Rome", "Bern"], dtype=object),
    }
)


def steps() -> tuple[SimpleImputer, StandardScaler]:
    """Return the usual steps for numbers."""
    return SimpleImputer(), StandardScaler()


def dumped_and_loaded(estimator: Estimator) -> Estimator:
    """Return what a bundle would be made of."""
    file = io.BytesIO()
    joblib.dump(estimator, file)
    return loads(file.getvalue(), "columns.joblib", TRUSTED)


def total(frame: pd.DataFrame) -> pd.DataFrame:
    """Take columns by name, as a function inside columns may."""
    return pd.DataFrame({"total": frame["age"] + frame["fare"]})


def numeric(frame: pd.DataFrame) -> list[str]:
    """Choose columns, as a function in place of a list may."""
    return [name for name in frame.columns if name in NUMBERS]


TRUSTED = frozenset({f"{__name__}.total", f"{__name__}.numeric"})


def by_name() -> ColumnTransformer:
    """Return columns inside a pipeline that takes what an earlier step gives, by name."""
    return ColumnTransformer([("a", MinMaxScaler(), ["fare"]), ("b", StandardScaler(), ["age"])])


def columns(**options: object) -> ColumnTransformer:
    """Return columns of both kinds."""
    places = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    parts = [("numbers", make_pipeline(*steps()), NUMBERS), ("places", places, ["city"])]
    return ColumnTransformer(parts, **options)


FORMS: dict[str, Callable[[], Estimator]] = {
    "as it comes": columns,
    "frames": lambda: columns().set_output(transform="pandas"),
    "frames of a union": lambda: make_pipeline(
        by_name(), FeatureUnion([("a", SimpleImputer()), ("b", MinMaxScaler())])
    ).set_output(transform="pandas"),
    "names in a pipeline": lambda: Pipeline(
        [("impute", SimpleImputer().set_output(transform="pandas")), ("columns", by_name())]
    ),
    "a function of a frame": lambda: Pipeline(
        [
            ("impute", SimpleImputer().set_output(transform="pandas")),
            ("total", FunctionTransformer(total)),
        ]
    ),
    "verbose": lambda: columns(verbose=True, verbose_feature_names_out=False),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_numbers(form: str) -> None:
    """Whatever the parameters were, the columns encode the rows as they did in training."""
    taken = FRAME if "city" in str(FORMS[form]()) else FRAME[NUMBERS]
    estimator = FORMS[form]().fit(taken)
    expected = np.asarray(sklearn.clone(estimator).set_params().fit(taken).transform(taken))
    loaded = dumped_and_loaded(estimator)

    set_serving_form(loaded)
    encoded = loaded.transform(taken)

    assert isinstance(encoded, np.ndarray) or form == "a function of a frame"
    np.testing.assert_array_equal(np.asarray(encoded), expected)


@pytest.mark.parametrize("nested", [False, True])
def test_a_training_that_returned_frames_everywhere(*, nested: bool) -> None:
    """``set_config(transform_output="pandas")`` is in no file: what takes names still gets them."""
    estimator = make_pipeline(SimpleImputer(), by_name()) if nested else columns()
    taken = FRAME[NUMBERS] if nested else FRAME
    with sklearn.config_context(transform_output="pandas"):
        expected = estimator.fit(taken).transform(taken).to_numpy()
    loaded = dumped_and_loaded(estimator)

    set_serving_form(loaded)

    np.testing.assert_array_equal(loaded.transform(taken), expected)


def test_frames_of_a_library_that_is_not_installed_here() -> None:
    """Columns that returned polars frames are served where there is no polars."""
    estimator = columns().fit(FRAME)
    expected = estimator.transform(FRAME)
    loaded = dumped_and_loaded(estimator.set_output(transform="polars"))

    set_serving_form(loaded)

    np.testing.assert_array_equal(loaded.transform(FRAME), expected)


def test_jobs_are_told_and_not_sealed() -> None:
    """A note names what asked for more than one job; nothing else is said."""
    union = FeatureUnion([("a", SimpleImputer())], n_jobs=3)
    estimator = ColumnTransformer([("u", union, NUMBERS)], n_jobs=-1)
    with joblib.parallel_config(backend="sequential"):
        loaded = dumped_and_loaded(estimator.fit(FRAME))
    notes = ["ColumnTransformer(n_jobs=-1), FeatureUnion(n_jobs=3): served with one job"]
    assert set_serving_form(loaded) == notes
    assert set_serving_form(loaded) == []
    assert "n_jobs" not in str(loaded)
    assert set_serving_form(columns(n_jobs=1).fit(FRAME)) == []
    np.testing.assert_array_equal(
        loaded.transform(FRAME), SimpleImputer().fit_transform(FRAME[NUMBERS])
    )


class Doubled(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """An estimator of a team's own, with parameters that have the names of scikit-learn's."""

    def __init__(self, n_jobs: int = 4, memory: str = "short") -> None:
        self.n_jobs = n_jobs
        self.memory = memory


def test_an_estimator_of_another_library() -> None:
    """Jobs are jobs; other parameters may mean anything there."""
    pipeline = make_pipeline(Doubled(), StandardScaler())
    assert set_serving_form(pipeline) == ["Doubled(n_jobs=4): served with one job"]
    assert (pipeline[0].n_jobs, pipeline[0].memory) == (None, "short")


@pytest.mark.parametrize("choose", [numeric, make_column_selector(dtype_include="number")])
def test_a_function_that_chose_columns_is_not_needed_again(
    choose: Callable[[pd.DataFrame], list[str]],
) -> None:
    """The columns that it chose are listed, and what is sealed names no function."""
    estimator = ColumnTransformer([("numbers", MinMaxScaler(), choose)]).fit(FRAME)
    loaded = dumped_and_loaded(estimator)

    set_serving_form(loaded)

    assert loaded.transformers[0][2] == NUMBERS
    assert b"numeric" not in pickle.dumps(loaded)
    assert b"selector" not in pickle.dumps(loaded)
    np.testing.assert_array_equal(loaded.transform(FRAME), estimator.transform(FRAME))


@pytest.mark.parametrize("where", ["path", "object", "none"])
def test_a_cache_of_what_was_fitted_is_left_out(where: str, tmp_path: object) -> None:
    """A pipeline's memory, by path or as an object, is neither needed nor kept."""
    memory = {"path": str(tmp_path), "object": Memory(str(tmp_path), verbose=0), "none": None}
    estimator = make_pipeline(*steps(), memory=memory[where]).fit(FRAME[NUMBERS])
    loaded = dumped_and_loaded(estimator)

    set_serving_form(loaded)

    assert loaded.memory is None
    assert digest(loaded) == digest(dumped_and_loaded(loaded))
    np.testing.assert_array_equal(
        loaded.transform(FRAME[NUMBERS]), estimator.transform(FRAME[NUMBERS])
    )


@pytest.mark.parametrize(
    "estimator",
    [columns(), make_pipeline(*steps()), TfidfVectorizer(), OrdinalEncoder()],
    ids=lambda each: type(each).__name__,
)
def test_usual_columns_stay_as_they_are(estimator: Estimator) -> None:
    """What was fitted with the usual parameters has the same digest before and after."""
    taken = FRAME["city"] if isinstance(estimator, TfidfVectorizer) else FRAME
    if isinstance(estimator, Pipeline):
        taken = FRAME[NUMBERS]
    fitted = pickle.loads(pickle.dumps(estimator.fit(taken)))  # noqa: S301 (our own)
    before = digest(fitted)
    assert set_serving_form(fitted) == []
    assert digest(fitted) == before

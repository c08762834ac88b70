"""What a file holds and makes is reckoned, at every mention, before it is made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, StandardScaler

from guards.errors import PartError
from guards.integrity.unpickling.totals import excessive, output_width
from guards.integrity.unpickling.unpickler import loads
from tests.faults.resealing import dumped
from tests.guards.integrity.unpickling.estimators.fitting import fitted

PART = "preprocessing/columns.joblib"
NUMBERS = np.arange(12.0).reshape(-1, 2)


def test_widths_are_those_that_transforming_makes() -> None:
    """The number of columns follows from the state, for every class, in steps and by itself."""
    known = 0
    for name, estimator, rows in fitted(every=31):
        width = output_width(estimator)
        if width is not None:
            assert estimator.transform(rows).shape[1] == width, name
            known += 1
    assert known > 200


@pytest.mark.parametrize(
    ("estimator", "width"),
    [
        (Pipeline([("a", "passthrough"), ("b", FunctionTransformer(np.log1p))]), None),
        (FeatureUnion([("a", "drop"), ("b", HashingVectorizer(n_features=8))]), 8),
        (SimpleImputer(strategy="constant", fill_value=0).fit(NUMBERS), None),
        (StandardScaler(), None),
        (CountVectorizer(), None),
        ([StandardScaler()], None),
        (None, None),
    ],
)
def test_width_that_the_state_does_not_tell(estimator: object, width: int | None) -> None:
    """A function, a constant or a step that is not fitted may make any number of columns."""
    assert output_width(estimator) == width


def hashing(count: int) -> ColumnTransformer:
    """Return columns that hash one text ``count`` times over."""
    steps: list[Any] = [(str(number), HashingVectorizer(), "text") for number in range(count)]
    return ColumnTransformer(steps, sparse_threshold=0).fit(pd.DataFrame({"text": ["a b", "c d"]}))


def nested(depth: int) -> Pipeline:
    """Return a pipeline within a pipeline, and so on."""
    pipeline = Pipeline([("a", StandardScaler())])
    for _ in range(depth):
        pipeline = Pipeline([("a", pipeline)])
    return pipeline


def doubled(depth: int) -> FeatureUnion:
    """Return a union that holds another twice, which holds another twice, and so on."""
    union = FeatureUnion([("a", StandardScaler()), ("b", StandardScaler())])
    for _ in range(depth):
        union = FeatureUnion([("a", union), ("b", union)])
    return union


def within_itself() -> Pipeline:
    """Return a pipeline that is a step of its own."""
    pipeline = Pipeline([("a", StandardScaler())])
    pipeline.steps.append(("b", pipeline))
    return pipeline


def shared(times: int) -> KBinsDiscretizer:
    """Return bins of which each column has the same long array of edges."""
    edges = np.arange(200_000.0)
    bins = KBinsDiscretizer(2, encode="ordinal", quantile_method="linear").fit(NUMBERS)
    bins.bin_edges_ = np.empty(times, dtype=object)
    bins.bin_edges_[:] = [edges] * times
    bins.n_bins_ = np.full(times, len(edges) - 1)
    bins.n_features_in_, bins.n_bins = times, 2
    return bins


@pytest.mark.parametrize(
    ("estimator", "problem"),
    [
        (hashing(5), "makes more than 4194304 columns"),
        (FeatureUnion([(str(n), HashingVectorizer()) for n in range(9)]), "makes more than"),
        (nested(60), "nests more than 100 values"),
        (within_itself(), "nests more than 100 values"),
        (doubled(24), "estimators"),
        (shared(1000), "counting each as often as it is named"),
        (
            Pipeline([("a", PCA(1).fit(NUMBERS)), ("b", StandardScaler().fit(NUMBERS))]),
            "holds a StandardScaler of 2 columns that is given 1",
        ),
        (
            FeatureUnion(
                [("a", make_pipeline(PCA(2), PCA(1)).fit(NUMBERS)), ("b", within_itself())]
            ),
            "nests more than 100 values",
        ),
    ],
    ids=["hashed", "joined", "nested", "within itself", "doubled", "shared", "narrow", "deep"],
)
def test_few_bytes_that_stand_for_much(estimator: object, problem: str) -> None:
    """A file that would make more than it holds is refused before anything is transformed."""
    with pytest.raises(PartError, match="unpickling_refused") as refusal:
        loads(dumped(estimator), PART)

    assert problem in refusal.value.findings[0].observed


def test_large_file_is_not_too_much() -> None:
    """A vocabulary of a hundred thousand terms is what its file has the bytes for."""
    words = CountVectorizer()
    words.fit([" ".join(f"term{number}" for number in range(100_000))])
    data = dumped(words)

    assert excessive(words, len(data)) is None
    assert len(loads(data, PART).vocabulary_) == 100_000  # type: ignore[attr-defined]  # a vectorizer

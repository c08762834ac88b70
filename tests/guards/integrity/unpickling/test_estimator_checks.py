"""A state that no fitting leaves behind is seen before anything is transformed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfVectorizer,
)
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from guards.integrity.unpickling.estimator_checks import unsound

TEXTS = ["one text", "another text"]
PLACES = pd.DataFrame({"place": ["a", "a", "b", "c"], "size": [1.0, 2.0, 2.0, np.nan]})


def encoder(**settings: Any) -> OneHotEncoder:  # noqa: ANN401 (settings by name)
    """Fit an encoder on a column of texts and one of numbers."""
    return OneHotEncoder(**settings).fit(PLACES)


def polynomial(**settings: Any) -> PolynomialFeatures:  # noqa: ANN401 (settings by name)
    """Fit polynomials of three numbers."""
    return PolynomialFeatures(**settings).fit([[1.0, 2.0, 3.0]])


def changed(estimator: Any, **state: object) -> Any:  # noqa: ANN401 (any estimator)
    """Return the estimator with other attributes."""
    vars(estimator).update(state)
    return estimator


@pytest.mark.parametrize(
    "estimator",
    [
        StandardScaler(),
        StandardScaler().fit([[1.0]]),
        CountVectorizer(),
        CountVectorizer().fit(TEXTS),
        TfidfVectorizer(ngram_range=(1, 2)).fit(TEXTS),
        ColumnTransformer([("a", "passthrough", ["size"])], n_jobs=2).fit(PLACES),
        ColumnTransformer([], n_jobs=128),
        ColumnTransformer([], n_jobs=np.int64(-1)),
        OneHotEncoder(),
        encoder(),
        encoder(drop="first"),
        encoder(drop="if_binary"),
        encoder(min_frequency=2, handle_unknown="infrequent_if_exist"),
        encoder(max_categories=2, drop="first"),
        HashingVectorizer(),
        HashingVectorizer(n_features=2**10),
        PolynomialFeatures(),
        polynomial(),
        polynomial(degree=0),
        polynomial(degree=4, include_bias=False),
        polynomial(degree=(2, 3)),
        polynomial(degree=(0, 2), interaction_only=True),
        polynomial(degree=5, interaction_only=True, include_bias=False),
    ],
)
def test_what_fitting_leaves_behind_is_sound(estimator: object) -> None:
    """No setting that people use is taken for a trick."""
    assert unsound(estimator) is None


@pytest.mark.parametrize(
    ("estimator", "problem"),
    [
        (changed(StandardScaler(), transform=1), "whose own transform is replaced"),
        (changed(StandardScaler(), __reduce__=1), "whose own __reduce__ is replaced"),
        (changed(ColumnTransformer([]), n_jobs=10**6), "starts more than 1024 processes"),
        (changed(ColumnTransformer([]), n_jobs=-(10**6)), "starts more than 1024 processes"),
        (changed(ColumnTransformer([]), n_jobs="all"), "starts more than 1024 processes"),
        (CountVectorizer(input="filename"), "opens the files its documents name"),
        (TfidfVectorizer(input="file"), "opens the files its documents name"),
        (changed(CountVectorizer(), vocabulary_={"a": 1}), "vocabulary points outside itself"),
        (changed(CountVectorizer(), vocabulary_={"a": -1}), "vocabulary points outside itself"),
        (changed(CountVectorizer(), vocabulary_={"a": "0"}), "vocabulary points outside itself"),
        (HashingVectorizer(input="filename"), "opens the files its documents name"),
        (HashingVectorizer(n_features=0), "another number of columns than"),
        (HashingVectorizer(n_features=2**31), "another number of columns than"),
        (changed(polynomial(), _n_out_full=11), "more terms than it computes"),
        (changed(polynomial(), _max_degree=9), "more terms than it computes"),
        (changed(polynomial(), _max_degree=10**9), "more terms than it computes"),
        (changed(polynomial(), _min_degree=3), "more terms than it computes"),
        (changed(polynomial(), n_features_in_=10**6), "more terms than it computes"),
        (changed(polynomial(), interaction_only=True), "more terms than it computes"),
        (changed(encoder(), _n_features_outs=[1, 1]), "categories point outside its columns"),
        (changed(encoder(), _n_features_outs=[3]), "categories point outside its columns"),
        (changed(encoder(), _n_features_outs=[10**9, 3]), "categories point outside its columns"),
        (
            changed(encoder(drop="first"), _drop_idx_after_grouping=np.array([99, 0])),
            "categories point outside its columns",
        ),
        (
            changed(
                encoder(min_frequency=2),
                _default_to_infrequent_mappings=[np.array([0, 9, 9]), None],
            ),
            "categories point outside its columns",
        ),
        (
            changed(
                encoder(), categories_=[np.array(["a", "b", "c"], object), np.array([2.0, 1.0, 3])]
            ),
            "categories point outside its columns",
        ),
        (
            changed(encoder(), categories_=[["a", "b", "c"], np.array([1.0, 2.0, np.nan])]),
            "categories point outside its columns",
        ),
    ],
)
def test_state_that_would_do_more_than_transform(estimator: object, problem: str) -> None:
    """The problem is named together with the class."""
    found = unsound(estimator)

    assert found is not None
    assert problem in found
    assert type(estimator).__name__ in found


def test_state_that_is_none_raises() -> None:
    """What is not even of the right form raises, which whoever asks takes for a refusal."""
    with pytest.raises(Exception, match="values"):
        unsound(changed(CountVectorizer(), vocabulary_=5))

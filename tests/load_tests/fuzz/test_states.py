"""Every attribute of every estimator is damaged in every way, and no damage is passed on."""

from __future__ import annotations

import copy
import io
import warnings
from contextlib import suppress
from typing import Any

import joblib
import numpy as np
import pytest

from guards.errors import PartError
from guards.integrity.unpickling.estimators.catalogue import DESCRIPTIONS, description_of
from guards.integrity.unpickling.soundness import unsound
from guards.integrity.unpickling.unpickler import loads
from load_tests.fuzz.states import damaged_states, edits_of, estimators_in
from tests.guards.integrity.unpickling.estimators.fitting import fitted

ALWAYS = (
    "as objects",
    "as texts",
    "in another dimension",
    "in no dimension",
    "twice",
    "of arrays",
    "as an array of objects",
    "a thousand times",
    "as str other",
    "as NoneType None",
    "as StandardScaler",
    "missing",
    "added",
    "replaced",
)
"""The ends of what no fitted attribute may be, but for those below."""

CATEGORIES = ("[0] as texts", "[1] as texts", "[0] as objects", "[1] as objects")
LEGITIMATE = {
    "SimpleImputer.statistics_": ("as objects",),
    "StandardScaler.mean_": ("as NoneType None",),
    "MissingIndicator.features_": ("twice",),  # of none
    "OneHotEncoder.categories_": CATEGORIES,
    "OrdinalEncoder.categories_": CATEGORIES,
    "TargetEncoder.categories_": CATEGORIES,
    "ColumnTransformer.transformers_": ("[0] [2] a", "[1] [2] a", "[2] [2] a"),
    "ColumnTransformer._transformer_to_input_indices": ("['remainder']", "['a']"),
    "ColumnTransformer._columns": ("a", "["),
    "ColumnTransformer._remainder": ("[2]",),
    "ColumnTransformer._transformers_feature_names_out": ("twice",),
    "TargetEncoder.classes_": ("as objects", "as texts", "twice", "as NoneType None"),
    "QuantileTransformer.random_state": ("as NoneType None",),
}
"""Forms that fitting leaves as well, or that transforming does not read."""


@pytest.fixture(scope="module")
def examples() -> list[tuple[Any, Any]]:
    """Return fitted estimators, one of each class and form, and what they were fitted on."""
    forms: dict[object, tuple[Any, Any]] = {}
    for _, estimator, rows in fitted(every=13):
        form = {(name, type(value)) for name, value in vars(estimator).items()}
        inner = map(type, estimators_in(estimator))
        forms.setdefault((*inner, frozenset(form)), (estimator, rows))
    return [*forms.values()]


def is_legitimate(estimator: object, words: str) -> bool:
    """Tell whether an edit gives an attribute another form that fitting leaves."""
    name = words.partition(" ")[0]
    description = description_of(estimator)
    assert description is not None
    if words.endswith("missing"):
        return name not in description.required(vars(estimator))
    return name not in description.fitted and not words.endswith(("added", "replaced"))


def test_damaged_attribute_is_refused(examples: list[tuple[Any, Any]]) -> None:
    """No fitted attribute of any estimator may be of another type, dtype or shape."""
    refused = 0
    for estimator, _ in examples:
        for words, edit in edits_of(vars(estimator)):
            if not words.endswith(ALWAYS) or is_legitimate(estimator, words):
                continue
            damaged = copy.copy(estimator)
            edit(vars(damaged))
            whole = f"{type(estimator).__name__}.{words}"
            name, _, how = whole.partition(" ")
            if not how.startswith(LEGITIMATE.get(name, ("never",))):
                assert unsound(damaged) is not None, whole
                refused += 1
    assert refused > 2000


def test_damage_does_no_harm(examples: list[tuple[Any, Any]]) -> None:
    """A damaged file is refused as one, or transforms, or raises: it takes nothing down."""
    accepted = 0
    kinds = {type(estimator): (estimator, rows) for estimator, rows in examples}
    for estimator, rows in kinds.values():
        for _, damaged in [*damaged_states(estimator)][::23]:
            buffer = io.BytesIO()
            joblib.dump(damaged, buffer)
            try:
                loaded: Any = loads(buffer.getvalue(), "columns.joblib")
            except PartError:
                continue
            accepted += 1
            with suppress(Exception), warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                loaded.transform(rows)
    assert accepted > len(kinds)


def test_every_class_is_damaged(examples: list[tuple[Any, Any]]) -> None:
    """No estimator of the allowlist is left out, by itself or within another."""
    damaged = {type(inner) for estimator, _ in examples for inner in estimators_in(estimator)}

    assert {kind.__name__ for kind in damaged} == {one.name for one in DESCRIPTIONS.values()}

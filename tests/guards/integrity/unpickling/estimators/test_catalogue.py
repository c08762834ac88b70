"""Every estimator that can be fitted is described as fitting leaves it."""

from __future__ import annotations

import importlib
import inspect
import io
import pickle
from collections import Counter
from typing import Any

import joblib
import pytest

from guards.integrity.unpickling.estimators.catalogue import DESCRIPTIONS, description_of
from guards.integrity.unpickling.unpickler import loads
from tests.guards.integrity.unpickling.estimators.fitting import fitted

PART = "preprocessing/columns.joblib"


@pytest.fixture(scope="module")
def states() -> list[tuple[str, Any]]:
    """Return fitted estimators of every class, and what they were fitted with."""
    return [(name, estimator) for name, estimator, _ in fitted(every=17)]


def test_what_is_fitted_is_read(states: list[tuple[str, Any]]) -> None:
    """No combination of settings and input leaves a state that the guard refuses."""
    for name, estimator in states:
        buffer = io.BytesIO()
        joblib.dump(estimator, buffer)
        assert type(loads(buffer.getvalue(), PART)) is type(estimator), name


def test_every_class_is_fitted(states: list[tuple[str, Any]]) -> None:
    """No description goes untried: each class is among what is fitted, or within it."""
    everything = b"".join(pickle.dumps(estimator) for _, estimator in states)
    absent = [one.name for one in DESCRIPTIONS.values() if one.name.encode() not in everything]

    assert absent == []


@pytest.mark.parametrize("path", DESCRIPTIONS)
def test_parameters_are_those_of_the_constructor(path: str) -> None:
    """A parameter that is new in this version of scikit-learn is described, and none is missing."""
    module, _, name = path.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    here = {*inspect.signature(kind.__init__).parameters} - {"self"}
    described = DESCRIPTIONS[path]

    assert here <= described.parameters.keys()
    assert described.parameters.keys() - {*described.varying} <= here


def test_other_classes_have_no_description() -> None:
    """What is not on the list is not taken for something on it."""
    assert description_of(Counter()) is None

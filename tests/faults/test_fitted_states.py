"""Columns whose fitted state passes every digest, and would do more than transform.

The bundle is sealed again around the file, so that only the state itself tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import psutil
import pytest
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import FeatureUnion

from artifacts.bundle.opening import open_bundle
from load_tests.fuzz.states import estimators_in
from tests.faults.resealing import agree, dumped, findings_of, reseal, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Copy = Callable[[Path], Path]

COLUMNS = "preprocessing/columns.joblib"


def held(columns: object, name: str) -> dict[str, Any]:
    """Return the state of the fitted estimator of a class that columns hold."""
    states = [vars(one) for one in estimators_in(columns) if type(one).__name__ == name]
    return next(state for state in states if "n_features_in_" in state)


def widths_as_objects(columns: object) -> None:
    """Give the one-hot encoder its widths as objects, which it reads as numbers without a check."""
    state = held(columns, "OneHotEncoder")
    state["_n_features_outs"] = np.array(state["_n_features_outs"], dtype=object)


def widths_of_one(columns: object) -> None:
    """Give the one-hot encoder fewer columns to write to than it has categories."""
    state = held(columns, "OneHotEncoder")
    state["_n_features_outs"] = [1] * len(state["categories_"])


def scale_of_fewer_columns(columns: object) -> None:
    """Give the scaler nothing to divide by."""
    held(columns, "StandardScaler")["scale_"] = np.ones(0)


def hashed_in_place_of_scaled(columns: Any) -> None:  # noqa: ANN401 (a column transformer)
    """Take texts in for numbers, and open the files that they name."""
    name, _, taken = columns.transformers_[0]
    columns.transformers_[0] = (name, HashingVectorizer(input="filename"), taken)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (widths_as_objects, "OneHotEncoder whose _n_features_outs is an array of object"),
        (widths_of_one, "OneHotEncoder whose _n_features_outs is not as wide"),
        (scale_of_fewer_columns, "StandardScaler whose scale_ is an array of float64 [0]"),
        (hashed_in_place_of_scaled, "HashingVectorizer whose input is a str"),
    ],
)
def test_state_is_refused_by_name(
    champion: Path, copied: Copy, damage: Callable[[object], None], problem: str
) -> None:
    """The finding names the estimator and the attribute, and nothing was transformed with it."""
    bundle = copied(champion)
    columns = joblib.load(bundle / COLUMNS)
    damage(columns)
    reseal(bundle, {COLUMNS: dumped(columns)})

    assert problem in the_finding(findings_of(bundle), "unpickling_refused", COLUMNS).observed


def test_columns_that_the_network_does_not_take(champion: Path, copied: Copy) -> None:
    """More columns than the network takes are refused before they fill the memory."""
    bundle = copied(champion)
    columns = joblib.load(bundle / COLUMNS)
    reseal(bundle, {COLUMNS: dumped(FeatureUnion([("a", columns), ("b", columns)]))})
    agree(bundle)

    finding = the_finding(findings_of(bundle), "width_mismatch", COLUMNS)

    assert finding.observed.startswith("one that makes ")


def test_many_jobs_start_no_process(champion: Path, copied: Copy) -> None:
    """However many jobs a sealed state asks for, it transforms in the thread that asks."""
    bundle = copied(champion)
    columns = joblib.load(bundle / COLUMNS)
    columns.n_jobs = 64
    reseal(bundle, {COLUMNS: dumped(columns)})
    agree(bundle)
    before = {*psutil.Process().children(recursive=True)}

    open_bundle(bundle)

    assert {*psutil.Process().children(recursive=True)} <= before

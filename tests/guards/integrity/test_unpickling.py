"""Legitimate preprocessing loads; whatever names another global does not."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from guards.errors import PartError
from guards.integrity import digest, loads
from guards.integrity.allowlist import ALLOWED_GLOBALS

if TYPE_CHECKING:
    from pathlib import Path

PART = "preprocessing/columns.joblib"
NUMBERS = pd.DataFrame({"pages": [1.0, 2.0, np.nan, 4.0], "amount": [0.0, 10.0, 5.0, 1.0]})
COURTS = pd.DataFrame({"court": pd.Series(["NDCA", "SDNY", "", "NDCA"], dtype=object)})


def dumped(value: object) -> bytes:
    """Give a value as the bytes of an uncompressed joblib file."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    return buffer.getvalue()


def refused(data: bytes) -> Any:  # noqa: ANN401 (a finding)
    """Give the one finding about data that must not load."""
    with pytest.raises(PartError) as error:
        loads(data, PART)
    (finding,) = error.value.findings
    assert finding.subject == PART
    return finding


@pytest.mark.parametrize(
    "estimator",
    [
        StandardScaler().fit(NUMBERS),
        MinMaxScaler().fit(NUMBERS),
        RobustScaler().fit(NUMBERS),
        SimpleImputer(strategy="median").fit(NUMBERS),
        MissingIndicator(features="all").fit(NUMBERS),
        OneHotEncoder(handle_unknown="ignore").fit(COURTS),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1).fit(COURTS),
        FeatureUnion([("a", SimpleImputer()), ("b", MissingIndicator())]).fit(NUMBERS),
        ColumnTransformer([("scale", Pipeline([("s", StandardScaler())]), ["pages"])]).fit(NUMBERS),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_usual_preprocessing_loads(estimator: object) -> None:
    """What people fit columns with comes back as it was."""
    assert digest(loads(dumped(estimator), PART)) == digest(estimator)


def test_columns_of_a_sealed_bundle_load(champion: Path) -> None:
    """The columns that training seals are within the allowlist, and have the sealed digest."""
    data = (champion / PART).read_bytes()

    columns = loads(data, PART)

    assert digest(columns) == digest(joblib.load(champion / PART))
    state = json.loads((champion / "manifest.json").read_bytes())["preprocessing"]["state"]
    assert columns.named_transformers_["numeric"]["scale"].mean_[0] == state["pages.mean_"]  # type: ignore[attr-defined]  # an object of any class


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (print, "builtins.print"),
        (dt.date(2024, 1, 1), "datetime.date"),
        (NUMBERS, "pandas.DataFrame"),
        (pd.read_pickle, "pandas.read_pickle"),
        (LinearRegression(), "sklearn.linear_model._base.LinearRegression"),
    ],
)
def test_other_globals_are_named_and_refused(value: object, wanted: str) -> None:
    """A file that needs anything else is refused by the name of what it needs."""
    finding = refused(dumped(value))

    assert finding.code == "unpickling_refused"
    assert wanted in finding.observed


@pytest.mark.parametrize(
    "data", [b"", b"junk", dumped(StandardScaler())[:-4], b"\x80\x04.", b"\x80\xff"]
)
def test_broken_files_are_unreadable(data: bytes) -> None:
    """A file that is no pickle, or the half of one, is refused as unreadable."""
    assert refused(data).code == "part_unreadable"


def test_no_package_is_allowed_as_a_whole() -> None:
    """The allowlist names globals one by one, and none that could call another."""
    assert all("*" not in name and "." in name for name in ALLOWED_GLOBALS)
    callers = {
        "getattr",
        "eval",
        "exec",
        "apply",
        "load",
        "loads",
        "import_module",
        "FunctionTransformer",
    }
    assert not {name.rpartition(".")[2] for name in ALLOWED_GLOBALS} & callers

"""Legitimate preprocessing loads; whatever names another global does not."""

from __future__ import annotations

import datetime as dt
import io
import json
import pickle
import sys
import tracemalloc
from collections import UserList
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from sklearn.preprocessing import FunctionTransformer, StandardScaler, TargetEncoder

from guards.errors import PartError
from guards.integrity.state.fingerprint import digest
from guards.integrity.unpickling.allowlist import ALLOWED_GLOBALS
from guards.integrity.unpickling.unpickler import load_with_origins, loads
from tests.guards.integrity.unpickling.estimators.fitting import fitted

if TYPE_CHECKING:
    from pathlib import Path

PART = "preprocessing/columns.joblib"
NUMBERS = pd.DataFrame({"pages": np.arange(1.0, 25.0)})


@pytest.fixture(scope="module")
def estimators() -> list[tuple[str, Any, Any]]:
    """Return fitted estimators of every class, with what they transform; all can be sealed."""
    return [one for one in fitted(every=31) if b"pandas" not in pickle.dumps(one[1])]


class Doubling(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """A team's own transformer."""

    def __init__(self, factor: float = 2.0) -> None:
        """Multiply by ``factor``."""
        self.factor = factor

    def fit(self, _rows: Any, _labels: Any = None) -> Doubling:  # noqa: ANN401 (scikit-learn's own signature)
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, rows: Any) -> Any:  # noqa: ANN401 (scikit-learn's own signature)
        """Multiply every value."""
        return rows * self.factor


OWN = f"{Doubling.__module__}.Doubling"


def dumped(value: object, protocol: int | None = None) -> bytes:
    """Return a value as the bytes of an uncompressed joblib file."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer, protocol=protocol)
    return buffer.getvalue()


def refused(data: bytes, trusted: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401 (a finding)
    """Return the one finding about data that must not load."""
    with pytest.raises(PartError) as error:
        loads(data, PART, trusted)
    (finding,) = error.value.findings
    assert finding.subject == PART
    return finding


def test_usual_preprocessing_loads(estimators: list[tuple[str, Any, Any]]) -> None:
    """What people fit columns with comes back as it was, from joblib's files and from pickles."""
    for name, estimator, _ in estimators:
        expected = digest(estimator)
        for data in (dumped(estimator), dumped(estimator, 3), pickle.dumps(estimator, 3)):
            unpickled = load_with_origins(data, PART)
            assert digest(unpickled.value) == expected, name
            assert unpickled.versions == {sklearn.__version__}, name


@pytest.mark.filterwarnings("ignore")  # scikit-learn's, of inputs without a value
def test_loaded_preprocessing_transforms_as_before(estimators: list[tuple[str, Any, Any]]) -> None:
    """What was loaded gives, to the last bit, what it gives where joblib loads it."""
    with joblib.parallel_config(backend="sequential"):
        for name, estimator, rows in estimators:
            data = dumped(estimator)
            loaded = [loads(data, PART), joblib.load(io.BytesIO(data))]
            observed, expected = (_values(one.transform(rows)) for one in loaded)
            assert digest(observed) == digest(expected), name


def _values(transformed: Any) -> Any:  # noqa: ANN401 (any matrix)
    return transformed.to_numpy() if isinstance(transformed, pd.DataFrame) else transformed


@pytest.mark.parametrize("value", [{"a", "b"}, {"a": [None, 1.5, True, b"x", 10**30]}, (1, ("a",))])
def test_plain_values_load(value: object) -> None:
    """Settings may be sets, dictionaries, lists and tuples of plain values."""
    assert loads(dumped(value), PART) == value


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
        (pd.read_pickle, "pandas.read_pickle"),
        (LinearRegression(), "sklearn.linear_model._base.LinearRegression"),
        (FunctionTransformer(np.log1p), "numpy.log1p"),
        (Doubling(), OWN),
    ],
)
def test_other_globals_are_named_and_refused(value: object, wanted: str) -> None:
    """A file that needs anything else is refused by the name of what it needs."""
    finding = refused(dumped(value))

    assert finding.code == "unpickling_refused"
    assert finding.observed == f"the file wants to load {wanted}"


@pytest.mark.parametrize(
    ("value", "trusted"),
    [
        (Doubling().fit(None), {OWN}),
        (FunctionTransformer(np.log1p, np.expm1).fit(NUMBERS), {"numpy.log1p", "numpy.expm1"}),
        (ColumnTransformer([("own", Doubling(), ["pages"])]).fit(NUMBERS), {OWN, "os.getcwd"}),
        (dt.date(2024, 1, 1), {"datetime.date"}),
    ],
)
def test_trusted_globals_load(value: Any, trusted: set[str]) -> None:  # noqa: ANN401 (anything)
    """What is trusted by its exact name loads, as itself or inside an allowed estimator."""
    loaded: Any = loads(dumped(value), PART, frozenset(trusted))

    assert type(loaded) is type(value)
    if not isinstance(value, dt.date):
        assert digest(loaded) == digest(value)


@pytest.mark.parametrize("trusted", ["Doubling", OWN.lower(), Doubling.__module__, f"{OWN}.fit"])
def test_trust_is_in_exact_names(trusted: str) -> None:
    """Neither a part of a name nor its module stands for the name."""
    assert refused(dumped(Doubling()), frozenset({trusted})).observed.endswith(OWN)


@pytest.mark.parametrize("module", ["nowhere.at_all", "email.nowhere"])
def test_trusted_module_that_is_not_here(module: str) -> None:
    """What cannot be imported is named, with what to install."""
    data = f"\x80\x03c{module}\nScaler\n.".encode("latin-1")

    finding = refused(data, frozenset({f"{module}.Scaler"}))

    assert finding.code == "part_unreadable"
    assert finding.expected.startswith(f"{module}.Scaler")
    assert "ModuleNotFoundError" in finding.observed
    assert finding.remedy.startswith(f"install what {module.partition('.')[0]} was")


def test_trusted_module_that_has_no_such_class() -> None:
    """A class that this version of a package does not have is named as well."""
    finding = refused(b"\x80\x03cemail\nScaler\n.", frozenset({"email.Scaler"}))

    assert finding.code == "part_unreadable"
    assert "AttributeError" in finding.observed


def test_nothing_is_imported_for_a_name_that_is_refused() -> None:
    """A module that nobody trusts is not even looked for."""
    sys.modules.pop("this", None)

    assert refused(b"\x80\x03cthis\nd\n.").observed.endswith("this.d")
    assert "this" not in sys.modules


@pytest.mark.parametrize(
    "data", [b"", b"junk", dumped(StandardScaler())[:-4], b"\x80\x04.", b"\x80\xff"]
)
def test_broken_files_are_unreadable(data: bytes) -> None:
    """A file that is no pickle, or the half of one, is refused as unreadable."""
    assert refused(data).code == "part_unreadable"


def test_no_package_is_allowed_as_a_whole() -> None:
    """The allowlist names globals one by one, and none that could call another."""
    assert all("*" not in name and "." in name for name in ALLOWED_GLOBALS)
    callers = {"getattr", "eval", "exec", "apply", "load", "loads", "import_module", "memmap"}
    assert not {name.rpartition(".")[2] for name in ALLOWED_GLOBALS} & callers


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x05\x96\x00\x00\x00\x10\x00\x00\x00\x00abc.",
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x0fabc.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x0fabc.",
    ],
    ids=["bytearray of 256 MiB", "bytearray without end", "bytes without end", "frame without end"],
)
def test_a_length_takes_no_memory(data: bytes) -> None:
    """A length that the file does not have is read as far as the file goes, and refused."""
    tracemalloc.start()
    try:
        assert refused(data).code == "part_unreadable"
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_key_that_takes_for_ever_to_hash() -> None:
    """Tuples within tuples, each twice, are no keys: sixty levels would be hashed until the end."""
    pair = b"\x94h\x00\x86" + b"".join(b"\x94h%c\x86" % level for level in range(1, 60))

    assert refused(b"\x80\x04)" + pair + b"\x94}h\x3cNs.").code == "part_unreadable"


def remainder_of_version_1_6() -> Any:  # noqa: ANN401 (a class that this version does not have)
    """Return what scikit-learn 1.6 writes for the columns that are left over."""
    data = (
        b"\x80\x03csklearn.compose._column_transformer\n_RemainderColsList\n)\x81}(X\x04\x00\x00\x00"
        b"data]K\x01aX\x0c\x00\x00\x00future_dtypeX\x03\x00\x00\x00strX\x13\x00\x00\x00"
        b"warning_was_emitted\x89X\x0f\x00\x00\x00warning_enabled\x88ub."
    )
    return loads(data, PART)


def test_remainder_columns_of_an_older_version() -> None:
    """A class that later versions lack is a list here, with the digest that it was sealed with."""
    columns = remainder_of_version_1_6()

    assert isinstance(columns, UserList)
    assert list(columns) == [1]
    path = "sklearn.compose._column_transformer._RemainderColsList"
    assert f"{type(columns).__module__}.{type(columns).__qualname__}" == path
    assert digest(loads(dumped(columns), PART)) == digest(columns)


def packed(*pieces: bytes) -> bytes:
    """Put a pickle of protocol 4 together."""
    return b"\x80\x04" + b"".join(pieces) + b"."


RANDOM_STATE = b"cnumpy.random._pickle\n__randomstate_ctor\n\x94"
INDEX = (
    b"cpandas.core.indexes.base\n_new_Index\n\x94cpandas\nIndex\n"
    b"}X\x05\x00\x00\x00startK\x00sX\x04\x00\x00\x00stopJ\xff\xff\x00\x00sX\x04\x00\x00\x00stepK\x01s"
    b"\x86\x94"
)


@pytest.mark.parametrize(
    "data",
    [
        packed(RANDOM_STATE, b"]", b"h\x00)Ra" * 1_000),
        packed(b"]", b"\x8fa" * 150_000),
        packed(b"(" * 250_000),
        packed(b"N", b"\x94" * 300_000),
        packed(INDEX, b"]", b"h\x00h\x01Ra" * 100),
    ],
    ids=["random states", "sets", "marks", "references", "lists of columns"],
)
def test_a_few_bytes_that_take_a_thousand(data: bytes) -> None:
    """What a file makes is counted while it is made, whatever it is made of."""
    assert refused(data).code == "unpickling_refused"


@pytest.mark.parametrize("code", ["U50000000", "S999999999", "U100000", "V8", "M8[ns]"])
def test_dtype_of_long_items(code: str) -> None:
    """No dtype is so wide that one item of it would fill the memory."""
    name = code.encode()
    data = packed(b"cnumpy\ndtype\nX", len(name).to_bytes(4, "little"), name, b"\x89\x88\x87R")

    assert refused(data).code == "part_unreadable"


def test_empty_array_of_long_items() -> None:
    """An array without items has no bytes to show for items of any length."""
    assert refused(dumped(np.zeros(0, dtype="U9000"))).code == "part_unreadable"
    assert loads(dumped(np.zeros(0, dtype="U90")), PART).dtype == "U90"  # type: ignore[attr-defined]  # an array


def test_state_that_fitting_does_not_leave_can_be_set_or_fitted_again() -> None:
    """The remedy is what its owner can do about a parameter of his own."""
    buffer = io.BytesIO()
    joblib.dump(CountVectorizer(token_pattern="(a+)+$"), buffer)  # noqa: S106 (no password)

    with pytest.raises(PartError) as refusal:
        loads(buffer.getvalue(), PART)

    (finding,) = refusal.value.findings
    assert "'(a+)+$'" in finding.observed
    assert "fit again" in finding.remedy


def test_a_splitter_that_was_trusted_by_name() -> None:
    """A class of scikit-learn's that somebody has confirmed may be a parameter."""
    buffer = io.BytesIO()
    encoder = TargetEncoder(cv=KFold(3), random_state=0).fit(
        [["NDCA"], ["SDNY"]] * 6, [0, 1, 1] * 4
    )
    joblib.dump(encoder, buffer)

    kfold = frozenset({"sklearn.model_selection._split.KFold"})
    assert isinstance(loads(buffer.getvalue(), PART, kfold), TargetEncoder)

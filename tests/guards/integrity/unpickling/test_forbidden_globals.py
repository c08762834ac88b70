"""One refusal names every global that a file may not load, and nothing of it runs."""

from __future__ import annotations

import datetime as dt
import io
import pickle
import sys
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from guards.integrity.unpickling.unpickler import ForbiddenGlobals, loads

if TYPE_CHECKING:
    from collections.abc import Callable

PART = "preprocessing/columns.joblib"
NUMBERS = pd.DataFrame({"pages": np.arange(9.0), "amount": np.arange(9.0) ** 2})
SCALED = ColumnTransformer([("scale", StandardScaler(), ["pages"])]).fit(NUMBERS)


class Matrix(np.ndarray):
    """A class of arrays that is not allowed."""


class Table(dict):  # type: ignore[type-arg]
    """A class of mappings that is not allowed, with a state of its own."""

    note: object = None


class Row(list):  # type: ignore[type-arg]
    """A class of lists that is not allowed."""


class Key:
    """A class that is not allowed."""

    def __init__(self, number: int) -> None:
        """Keep a number."""
        self.number = number


KEY = f"{Key.__module__}.Key"

RUNS: list[str] = []
"""The traced objects that were made."""


class Traced:
    """Leaves a trace when it is unpickled."""

    def __init__(self, name: str) -> None:
        """Keep a name."""
        self.name = name

    def __setstate__(self, state: dict[str, str]) -> None:
        RUNS.append(state["name"])


TRACED = f"{Traced.__module__}.Traced"


def dumped(value: object, protocol: int | None = None) -> bytes:
    """Return a value as the bytes of an uncompressed joblib file."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer, protocol=protocol)
    return buffer.getvalue()


def forbidden_in(data: bytes, trusted: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the names for which data is refused; there is one finding for each of them."""
    with pytest.raises(ForbiddenGlobals) as error:
        loads(data, PART, trusted)
    findings = error.value.findings
    assert [finding.observed for finding in findings] == [
        f"the file wants to load {name}" for name in error.value.names
    ]
    assert {(finding.code, finding.subject) for finding in findings} == {
        ("unpickling_refused", PART)
    }
    return error.value.names


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("wrap", [list, tuple, lambda values: np.array(values, dtype=object)])
def test_all_forbidden_globals_are_named_at_once(
    protocol: int, wrap: Callable[[list[object]], object]
) -> None:
    """What is forbidden first does not hide the rest, wherever it stands in the file."""
    values = [print, dt.date(2024, 1, 1), pd.read_pickle, print]
    data = dumped({"a": wrap(values), "b": FunctionTransformer(np.log1p, np.expm1)}, protocol)

    assert {*forbidden_in(data)} == {
        "builtins.print",
        "datetime.date",
        "pandas.read_pickle",
        "numpy.log1p",
        "numpy.expm1",
    }


def test_globals_behind_arrays_are_named() -> None:
    """The bytes of arrays, also of a class that is not allowed, are passed over."""
    matrices = [np.ones((2, 2), kind).view(Matrix) for kind in (float, object)]
    values = [Key(1), SCALED, matrices, NUMBERS, csr_array(np.eye(3)), np.sqrt]

    names = forbidden_in(dumped(values))

    assert names[0] == KEY
    assert {f"{Matrix.__module__}.Matrix", "scipy.sparse._csr.csr_array"} < {*names}
    assert names[-1] == "numpy.sqrt"


def test_what_is_made_with_a_forbidden_global_is_inert() -> None:
    """A placeholder can be made, filled, extended and used as a key, and nothing happens.

    So what stands behind it in the file is still seen.
    """
    table, row = Table({"key": {Key(1): Key(2)}, Key(3): np.log1p}), Row([np.expm1])
    table.note = row

    names = forbidden_in(dumped([table, {Key(4): 1, "b": {Key(5)}}, np.sqrt], 4))

    assert {*names} == {
        f"{Table.__module__}.Table",
        f"{Row.__module__}.Row",
        KEY,
        "numpy.log1p",
        "numpy.expm1",
        "numpy.sqrt",
    }


def test_trusted_code_does_not_run_once_a_file_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Behind the first forbidden global what is trusted is not imported, called or filled."""
    monkeypatch.delitem(sys.modules, "this", raising=False)
    runs = len(RUNS)
    data = pickle.dumps([Traced("before"), print, Traced("behind")], 4)[:-1]
    data += b"\x8c\x04this\x8c\x01d\x93a."  # importing the module would print a poem

    assert forbidden_in(data, frozenset({TRACED, "this.d"})) == ("builtins.print",)
    assert RUNS[runs:] == ["before"]
    assert "this" not in sys.modules


def test_many_forbidden_globals_end_the_reading() -> None:
    """A file that names thousands is refused for the first hundred."""
    names = b"".join(b"cnowhere\nname_%d\n" % number for number in range(100_000))

    assert forbidden_in(b"\x80\x03(" + names + b"t.") == tuple(
        f"nowhere.name_{number}" for number in range(100)
    )


def test_forbidden_globals_before_a_broken_end_are_named() -> None:
    """A file that breaks off behind a forbidden global is refused for that global."""
    assert forbidden_in(dumped([print, pd.read_pickle])[:-20]) == ("builtins.print",)

"""Lists of columns that pandas pickled are read as plain lists, without pandas."""

from __future__ import annotations

import base64
import io
import pickle
import zlib
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer

from guards.errors import PartError
from guards.integrity.unpickling.pandas_state import NotAsPandasWrites, arrow_chunks
from guards.integrity.unpickling.unpickler import ForbiddenGlobals, loads

if TYPE_CHECKING:
    from collections.abc import Callable

PART = "columns.joblib"
NAMES = ["age", "fare", "\u540d\u524d", ""]
FRAME = pd.DataFrame({"age": [1.0], "fare": [2], "city": ["a"], "ok": [True]})

LISTS: dict[str, tuple[object, list[object]]] = {
    "Index": (pd.Index(NAMES), [*NAMES]),
    "Index of objects": (pd.Index(NAMES, dtype=object), [*NAMES]),
    "Index with a name": (pd.Index(NAMES, name="columns"), [*NAMES]),
    "Index of Python's texts": (
        pd.Index(NAMES, dtype=pd.StringDtype("python", na_value=np.nan)),
        [*NAMES],
    ),
    "Index of places": (pd.Index([0, 2]), [0, 2]),
    "Index of truth values": (pd.Index([True, False]), [True, False]),
    "empty Index": (pd.Index([], dtype=object), []),
    "RangeIndex": (pd.RangeIndex(1, 7, 2), [1, 3, 5]),
    "part of an Index": (FRAME.columns[1:3], ["fare", "city"]),
    "numeric columns": (FRAME.select_dtypes("number").columns, ["age", "fare"]),
    "Series": (pd.Series(NAMES), [*NAMES]),
    "Series of objects": (pd.Series(NAMES, dtype=object), [*NAMES]),
    "Series of texts": (pd.Series(NAMES, dtype="string"), [*NAMES]),
    "Series of Python's texts": (pd.Series(NAMES, dtype="string[python]"), [*NAMES]),
    "part of a Series": (pd.Series(["a", *NAMES])[1:], [*NAMES]),
    "Series of places": (pd.Series([2, 0]), [2, 0]),
    "mask": (FRAME.dtypes == "float64", [True, False, False, False]),
    "mask of nullable truth values": (pd.Series([True, False], dtype="boolean"), [True, False]),
    "array of texts": (pd.Series(NAMES, dtype="str").array, [*NAMES]),
}


def with_joblib(value: object) -> bytes:
    """Dump as people do."""
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


DUMPS: list[Callable[[object], bytes]] = [
    with_joblib,
    *(lambda value, protocol=protocol: pickle.dumps(value, protocol) for protocol in (3, 4, 5)),
]


@pytest.mark.parametrize("dump", DUMPS)
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_columns(kind: str, dump: Callable[[object], bytes]) -> None:
    """Whatever pandas calls it, its items are read, in order, as Python's own values."""
    value, items = LISTS[kind]

    loaded = loads(dump([value, value]), PART)

    assert loaded == [items, items]
    assert [type(item) for item in loaded[0]] == [type(item) for item in items]
    assert type(loaded[0]) is list


PANDAS_2: dict[str, tuple[str, list[object]]] = {
    "Index": (
        (
            "eNqVUEFLwzAYbV2LMlQcggj+gXnJ2ZvITlqo4MWThC9tXKttGpKUWVCYh6mD3PyGP1fTzJ08+R3Cy+O95H1v"
            "Hq1GYeDHHksQOWiSNYqTUuT8iWvCQHO0Qyr4jF72HH5iEdh4g19wbKMcDKA9fGhYVTIi2lp2VJbZY+Wso7S/"
            "XigF3a0CKblyrtNXb9zRLcsq0Bpt7F1ot12EXutENtYFSI7J1sLhRuXOasOJw7npHF/sbZDTbl2f4fLjHW9w"
            "nAxs+Ixpml59u/FHcm6Q2SFUVTOjdQ0Sl/ZkndP/RqEqp6LmwlDWGa4xOWjZPF59Bb/dHHkxob6buq1MuU5p"
            "d6niWSO0UW1mfOi/iyTBAichw3W6sN+nGPwv+/LO1TWAqSs0ugfFkTuSrPY3+SIBNce0fXOPkB9qMbwd"
        ),
        ["age", "fare"],
    ),
    "Series": (
        (
            "eNrVU89r1EAU3uxu1nVRqFt/UqgoKitCtODBm2hPNhihPXhahpdkupN2MgkzE+uChXqodmHAg7P47/if6ZtJ"
            "FxS9eHQOycvL99775nvvnfSX34OOP2Zcg8hBRVklaaSoLKiyZrDXGl/tw4/22E5Mn5Qzac3mr+BCaCoFcBWV"
            "IGBGJQaO9wox4/Qlr7LD1623TTKZWnPz9+icvqcqSkFRa0ZE0CPyyvkQb279DSlBzBx0171XUE9OQEltYkKl"
            "QWobd0xf6aq2cdcZFI2g+WR3LSCH9YMq5UUaiaas56QuskOOOa8k7vOFlDB/K6GuV6xd9qFq0oyDwtuFPsqa"
            "C0jOYR3VUDGoKdY6RbuSOYaaYBvtXM/Rz26vLMR23zyzi7PPSGUS90zwwSZJsvMDj3/Ez7VNzQg4r45IWUJt"
            "F2aj5emrEeDFTJRUaJLONXYnXmvSk3D5rXPeyuseHBGvWtlwXbQszSUiaVYJpWWTaU/6z4vEnVO7HaS2ZRe4"
            "+7Dev3FfTFGuHrgm9fdBUkvRGS3rc34oP7vM1lBTNk7YetxhV+Muu7ZqzjGO3ZNo62m01TYVsOeWjcwgdcOk"
            "7NS7B++AN+7HRtsetsnusLue7T12nz1gj1i0YI//E2m+rPgNcb0I3hOHbJg2BfITbt4ULzLqGcTdOHAVGmiU"
            "G5M+weqo2GpjL5KSashBAwplQuJXAkwIWuNeOm3JPoeZN2/4EVMkb2rMD5oSDinlyp4ptpM0afQT75WgNw=="
        ),
        ["age", "fare"],
    ),
    "mask": (
        (
            "eNrVVM9r1EAUTnazdV0rtlVssVgRlG4v0YoHb6I9aXBFiwjCMrzJTndiJz/ITKwLLdRDdRcGPDj7F/iH1jeT"
            "XW2RHjw6h+Rl8t77vvdlvhwH00Pfc0uvFJANQIZxXrJQsjJh0uiF3Tr4Yba+mCPT1QFJh6XRG2eTk0yxMgMh"
            "wxQyGLISC1d2k2wo2HORx/uv6t26Sbdv9Nr56gH7zGRIQTKjOyRjB+SF3cN8fkW35rFDH4ACo69/zKlIaJhV"
            "aTEiRRLvCyxd7tnHZ2UJo/clFMUc0Ra2ZUVjARKZtVyV0ZeQgs3FJN2SHApmouAE47wcYKn2dzAeqBHu87V5"
            "hLmN10/MZPzNvDXdqKn9Q9Pr9V6e4nKX6KkyVHdAiPyApCkUZqLXa54OjYBIhlnKMkXoSKGy0VJFj1vTn97s"
            "M9x0ySFx2qSVUEnNUi+SksV5JlVZxcqR/nuQyDsxOz41NTvfzsOb/8Z90ke5mvi9jA72oLS3OFEI08j3DcOE"
            "cPpuzjXIIGWmV33FhtA3/EatNl/lt/i6A7/NN/gdflc36PYfYH7/PKyHXfnmmHetFounZ5bn+d70wQzOIlzl"
            "1yzA8oVQ9/jmpG70n4n6YcaVb830PEL3PQy3H4fb9dEHNInhHb1Araek6bvthU8gKvviIkEe/Va2MdPz+1yV"
            "NlqZYDM0RZtWCaqSWX9IkcTMzR0FkW/nqqCS9lgHBGdGWvO/w2WSMgXOk+jqFnHHAXQLlMJ/gB2A7AkYunDV"
            "WUKSQVVgf1CMCKBMSDOW/E2vouEv/4XKXA=="
        ),
        [False, False, True, False],
    ),
    "texts": (
        (
            "eNqVk0tv1DAQx3e3u0spIJWWNxVwLAciKnHghmh7oRFBag+VkCprnLjrUMeJ/KBdiUrlUGgl33DFB+QT8Alg"
            "7GykIriQQzKx5/H7j8cnw4v3g1583FIDsgCd5LViiWaqZNq78U5rfPNPP/tjv+qGpJoo7x5ddi6lYUqC0EkF"
            "EiZMYeDSTikngq2LOj942662SVb3vLv3Z3TBjphOKGjm3QKR7JC8CWvo7+7/y1OBnATX7fDtXCOchIr5zI20"
            "AWV82nNDberGp4NgMDT69ovf9oAMy7PMRJRUJ6AUTBF7hZBmekSsbMr8QDCSbb4OO+uQH7AiAD24DNRGJdoo"
            "FEu8u7YTrRiCzluPxz+H2VcsyFe6vU0zbVjXTncF8RQEMeNmangtvaZu+UNNESqRtmqmpAXx7mYWfmPqXQVN"
            "0/Uz6J7XluYCNAoYxSjMjJQzDGwHByyaDk7RrlWBoa6/gXYRYfizzkLfwbuX/vwsMK+mc67/yWdZtvULn/hK"
            "XxlP3QIIUR+SqoLGn7uHLWesRkCUE1kxaQidGpybdNHSk9HF995syO5E54TE9lVWmLKldNeJYnktsZU2NxH6"
            "byFp79Rv9Klv6fpBD5/7P/bzPWzXXOz4cB8U8wwXk4sfM75jzE1xOvgNvoiN5UsZX057/FY64Le72cFjGz9P"
            "1l4ka+3MAY6k5wtuTMOsa78Xl8cfQdiw8cTN440huIenM09tiZplOCgtypxFVekg7QdqC1aH/g4JKsIq3SW8"
            "SipmoAADmNyNSJxycCMwBq9a4CH7AibRvBvPRpPCNpgfDCMCKBPan2m+m1ma/AbeWZNo"
        ),
        ["age", "fare"],
    ),
}
"""What joblib wrote under pandas 2.2.3, compressed."""


@pytest.mark.parametrize("kind", PANDAS_2)
def test_a_list_of_columns_of_pandas_2(kind: str) -> None:
    """Names of modules differ there, and texts are objects."""
    packed, items = PANDAS_2[kind]
    assert loads(zlib.decompress(base64.b64decode(packed)), PART) == items


def test_nothing_of_pandas_is_trusted_into_running() -> None:
    """Who trusts pandas' functions by name gets the same list: they are not called."""
    trusted = frozenset({"pandas.core.indexes.base._new_Index", "pandas.Index", "pandas.Series"})
    assert loads(with_joblib(pd.Index(NAMES)), PART, trusted) == NAMES


@pytest.mark.parametrize(
    "value",
    [
        pd.Series([0.5, 1.5]),
        pd.Series(["a", None], dtype="string"),
        pd.Series([True, None], dtype="boolean"),
        pd.Index(["a", None], dtype=object),
        pd.Series([["a"], ["b"]]),
    ],
    ids=repr,
)
def test_no_list_of_columns(value: object) -> None:
    """Fractions, gaps and lists within a list are no columns."""
    with pytest.raises(PartError, match="NotAsPandasWrites"):
        loads(with_joblib(value), PART)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (FRAME, "pandas.DataFrame"),
        (pd.Series(pd.Timestamp("2024-01-01")), "DatetimeArray"),
        (pd.CategoricalIndex(["a"]), "CategoricalIndex"),
        (pd.MultiIndex.from_tuples([("a", "b")]), "MultiIndex"),
    ],
)
def test_other_objects_of_pandas_are_refused_by_name(value: object, named: str) -> None:
    """A frame, say, is data, and not a list of columns."""
    with pytest.raises(ForbiddenGlobals, match=named):
        loads(with_joblib(value), PART)


def test_a_value_of_pandas_that_an_estimator_keeps() -> None:
    """It is named, rather than what stands for it here."""
    imputer = SimpleImputer(missing_values=pd.NA, strategy="most_frequent")
    with pytest.raises(PartError, match=r"holds pandas\.NA itself"):
        loads(with_joblib(imputer), PART)


def test_one_chunk_of_texts_many_times_over() -> None:
    """A billion items are not made before they are counted."""
    with pytest.raises(NotAsPandasWrites):
        arrow_chunks([["a"] * 1000] * 1_000_000, "large_string")
    assert arrow_chunks([["a"], [], ["b", "c"]], "large_string") == ["a", "b", "c"]


def range_of(*bounds: object) -> bytes:
    """Pickle a RangeIndex with any bounds."""
    names = ("start", "stop", "step")
    state = pickle.dumps(dict(zip(names, bounds, strict=True)), 4)[2:-1]
    state = state[9:] if state.startswith(b"\x95") else state
    return (
        b"\x80\x04cpandas.core.indexes.base\n_new_Index\ncpandas\nRangeIndex\n" + state + b"\x86R."
    )


@pytest.mark.parametrize("bounds", [(0, 2**62, 1), (0, 5, 0), ("a", "b", 1), (0, 10**6, 1)])
def test_a_range_beyond_all_columns(bounds: tuple[object, ...]) -> None:
    """Nothing of that length is made."""
    with pytest.raises(PartError):
        loads(range_of(*bounds), PART)


def test_many_long_ranges() -> None:
    """A few bytes for each of a thousand lists do not become a hundred million items."""
    one = range_of(0, 100_000, 1)[2:-1]
    with pytest.raises(PartError, match="lists more than"):
        loads(b"\x80\x04](" + one * 1000 + b"e.", PART)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"\x03\x00\x00\x00\x00\x00\x00\x00", b"\xff" * 7 + b"\x7f", 1),
        lambda data: data.replace(b"large_string", b"binary_float", 1),
        lambda data: data.replace(b"fare", b"\xff\xfe\xff\xfe", 1),
    ],
    ids=["an offset", "the type", "the encoding"],
)
def test_damaged_texts(damage: Callable[[bytes], bytes]) -> None:
    """Offsets and types that pyarrow never wrote end in a refusal, or in texts within the bytes."""
    data = pickle.dumps(pd.Index(["age", "fare"], dtype="str"), 4)
    damaged = damage(data)
    assert damaged != data
    try:
        texts = loads(damaged, PART)
    except PartError:
        return
    assert sum(map(len, texts)) <= len(b"agefare")  # type: ignore[call-overload]

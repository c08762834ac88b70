"""Pickles that want to run code: row 12.

Every payload makes a directory when it runs. The control loads it with joblib and sees the
directory appear, so that its absence after the guard has looked means that nothing ran.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pytest
from numpy.testing._private.utils import runstring
from sklearn.preprocessing import StandardScaler

from tests.faults.resealing import dumped, findings_of, reseal, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Copy = Callable[[Path], Path]

COLUMNS = "preprocessing/columns.joblib"


class Call:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        """Call ``function`` with these arguments."""
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def in_estimator(trace: Path) -> bytes:
    """Hide the call among the attributes of a fitted scaler."""
    scaler = StandardScaler().fit([[1.0], [2.0]])
    scaler.note_ = Call(os.mkdir, str(trace))
    return dumped(scaler)


def in_object_array(trace: Path) -> bytes:
    """Hide the call in an array of objects, which joblib writes as a pickle within the pickle."""
    scaler = StandardScaler().fit([[1.0], [2.0]])
    scaler.note_ = np.array([Call(os.mkdir, str(trace)), None], dtype=object)
    return dumped(scaler)


def through_numpy(trace: Path) -> bytes:
    """Call a function of numpy's that runs any text as code."""
    return dumped(Call(runstring, f"import os; os.mkdir({str(trace)!r})", {}))


def through_allowed_module(trace: Path) -> bytes:
    """Name ``os.mkdir`` as an attribute of a module that holds an allowed class."""
    module, name, argument = (
        b"\x8c" + bytes([len(text)]) + text
        for text in (b"joblib.numpy_pickle", b"os.mkdir", os.fsencode(trace))
    )
    return b"\x80\x04" + module + name + b"\x93" + argument + b"\x85R."


PAYLOADS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "plain": (lambda trace: dumped(Call(os.mkdir, str(trace))), f"{os.mkdir.__module__}.mkdir"),
    "in an estimator": (in_estimator, f"{os.mkdir.__module__}.mkdir"),
    "in an object array": (in_object_array, f"{os.mkdir.__module__}.mkdir"),
    "through numpy": (through_numpy, "numpy.testing._private.utils.runstring"),
    "through an allowed module": (through_allowed_module, "joblib.numpy_pickle.os.mkdir"),
}


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Give the directory that exists only after a payload ran."""
    return tmp_path / "executed"


@pytest.fixture(params=PAYLOADS)
def payload(request: pytest.FixtureRequest, trace: Path) -> tuple[bytes, str]:
    """Give a payload that works, and the global that it needs."""
    make, wanted = PAYLOADS[request.param]
    data = make(trace)
    joblib.load(io.BytesIO(data))
    trace.rmdir()
    return data, wanted


def test_row_12_resealed_payload_is_refused_unexecuted(
    champion: Path, copied: Copy, trace: Path, payload: tuple[bytes, str]
) -> None:
    """A payload whose digests fit is refused by the name of the global, and nothing has run."""
    bundle = copied(champion)
    data, wanted = payload
    reseal(bundle, {COLUMNS: data})

    finding = the_finding(findings_of(bundle), "unpickling_refused", COLUMNS)

    assert finding.observed == f"the file wants to load {wanted}"
    assert not trace.exists()


def test_row_12_changed_file_is_explained_unexecuted(
    champion: Path, copied: Copy, trace: Path, payload: tuple[bytes, str]
) -> None:
    """Saying which values of a changed file differ does not run what is in it either."""
    bundle = copied(champion)
    data, wanted = payload
    (bundle / COLUMNS).write_bytes(data)

    findings = findings_of(bundle)

    the_finding(findings, "part_changed", COLUMNS)
    assert wanted in the_finding(findings, "unpickling_refused", COLUMNS).observed
    assert not trace.exists()


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "lzma", "xz"])
def test_row_12_compressed_payload_is_not_even_read(
    champion: Path, copied: Copy, trace: Path, method: str
) -> None:
    """A compressed file is refused as such: nothing that Understudy seals is compressed."""
    bundle = copied(champion)
    data = dumped(Call(os.mkdir, str(trace)), compress=(method, 3))
    joblib.load(io.BytesIO(data))
    trace.rmdir()
    reseal(bundle, {COLUMNS: data})

    finding = the_finding(findings_of(bundle), "part_unreadable", COLUMNS)

    assert finding.expected == "an uncompressed joblib file"
    assert not trace.exists()

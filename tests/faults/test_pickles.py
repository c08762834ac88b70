"""Pickles that want to run code.

Every payload makes a directory when it runs. The control loads it with joblib and sees the
directory appear, so that its absence after the guard has looked means that nothing ran.
"""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import pickletools
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing._private.utils import runstring
from sklearn.preprocessing import StandardScaler

from guards.errors import Finding, PartError
from guards.integrity.unpickling.decompression import decompressed
from guards.integrity.unpickling.unpickler import load_with_origins, loads
from tests.faults.resealing import dumped, findings_of, reseal, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Copy = Callable[[Path], Path]

COLUMNS = "preprocessing/columns.joblib"
MKDIR = f"{os.mkdir.__module__}.mkdir"
METHODS = ("zlib", "gzip", "bz2", "lzma", "xz", "lz4")
MAX_BYTES = 1024**2
EXTENSION = 240
"""A code of the range that is kept for private use."""

CODES = {one.name: one.code.encode("latin-1") for one in pickletools.opcodes}


class Call:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        """Call ``function`` with these arguments."""
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def assembled(*pieces: str | bytes) -> bytes:
    """Put a pickle together from names of instructions and the bytes between them."""
    coded = (CODES[piece] if isinstance(piece, str) else piece for piece in pieces)
    return b"".join([b"\x80\x05", *coded, b"."])


def said(value: object) -> bytes:
    """Return the instructions that put a plain value on the stack."""
    return pickle.dumps(value, protocol=3)[2:-1]


def named(module: str, name: str) -> bytes:
    """Return the instructions that put a global on the stack."""
    return said(module) + said(name) + b"\x93"


SCALER = named(StandardScaler.__module__, "StandardScaler")


def in_estimator(trace: Path) -> StandardScaler:
    """Hide the call among the attributes of a fitted scaler."""
    scaler = StandardScaler().fit([[1.0], [2.0]])
    scaler.note_ = Call(os.mkdir, str(trace))
    return scaler


def in_object_array(trace: Path) -> StandardScaler:
    """Hide the call in an array of objects, which joblib writes as a pickle within the pickle."""
    scaler = StandardScaler().fit([[1.0], [2.0]])
    scaler.note_ = np.array([Call(os.mkdir, str(trace)), None], dtype=object)
    return scaler


def through_pandas(trace: Path) -> bytes:
    """Let pandas read another file, which holds the call."""
    inner = trace.with_name("inner.pickle")
    inner.write_bytes(pickle.dumps(Call(os.mkdir, str(trace))))
    return dumped(Call(pd.read_pickle, str(inner)))


def as_state_setter(trace: Path) -> bytes:
    """Return a scaler a way to set its state, and then a state."""
    version = said("_sklearn_version") + said(sklearn.__version__)
    setter = said("__setstate__") + named(os.mkdir.__module__, "mkdir")
    state = ("EMPTY_DICT", "MARK", version, setter, "SETITEMS")
    return assembled(SCALER, "EMPTY_TUPLE", "NEWOBJ", *state, "BUILD", said(str(trace)), "BUILD")


PAYLOADS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    **{
        f"plain in protocol {protocol}": (
            lambda trace, protocol=protocol: pickle.dumps(  # type: ignore[misc]  # binds the number
                Call(os.mkdir, str(trace)), protocol
            ),
            MKDIR,
        )
        for protocol in range(3, 6)
    },
    "in an estimator": (lambda trace: dumped(in_estimator(trace)), MKDIR),
    "in an object array": (lambda trace: dumped(in_object_array(trace)), MKDIR),
    "as a state setter": (as_state_setter, MKDIR),
    "through numpy": (
        lambda trace: dumped(Call(runstring, f"import os; os.mkdir({str(trace)!r})", {})),
        "numpy.testing._private.utils.runstring",
    ),
    "through pandas": (through_pandas, f"{pd.read_pickle.__module__}.read_pickle"),
    "through an allowed module": (
        lambda trace: assembled(
            named("joblib.numpy_pickle", "os.mkdir"), said((str(trace),)), "REDUCE"
        ),
        "joblib.numpy_pickle.os.mkdir",
    ),
}
"""What runs when it is loaded, with the global that it needs."""

OLD: dict[str, Callable[[Path], bytes]] = {
    "GLOBAL": lambda trace: assembled(
        "GLOBAL", b"%s\nmkdir\n" % os.mkdir.__module__.encode(), said((str(trace),)), "REDUCE"
    ),
    "INST": lambda trace: assembled(
        "MARK", said(str(trace)), "INST", b"%s\nmkdir\n" % os.mkdir.__module__.encode()
    ),
    "OBJ": lambda trace: assembled(
        "MARK", named(os.mkdir.__module__, "mkdir"), said(str(trace)), "OBJ"
    ),
    "EXT1": lambda trace: assembled("EXT1", bytes([EXTENSION]), said((str(trace),)), "REDUCE"),
    "EXT2": lambda trace: assembled("EXT2", bytes([EXTENSION, 0]), said((str(trace),)), "REDUCE"),
    "EXT4": lambda trace: assembled(
        "EXT4", bytes([EXTENSION, 0, 0, 0]), said((str(trace),)), "REDUCE"
    ),
}
"""What runs through an instruction that pickling an estimator never writes."""

TRICKS: dict[str, tuple[bytes, str]] = {
    "allocating by a call": (
        assembled(named("numpy", "ndarray"), said(((2**40,),)), "REDUCE"),
        "the file wants to call numpy.ndarray",
    ),
    "making by NEWOBJ": (
        assembled(named("numpy", "ndarray"), said(((2**40,),)), "NEWOBJ"),
        "the file wants to call numpy.ndarray",
    ),
    "making by NEWOBJ_EX": (
        assembled(SCALER, "EMPTY_TUPLE", "EMPTY_DICT", "NEWOBJ_EX"),
        "the file wants the pickle instruction NEWOBJ_EX",
    ),
    "calling a text": (
        assembled(said("a"), "EMPTY_TUPLE", "REDUCE"),
        "the file wants to call builtins.str",
    ),
    "changing a type": (
        assembled(named("numpy", "float64"), said({"real": 1}), "BUILD"),
        "the file wants to change numpy.float64",
    ),
    "changing a class": (
        assembled(SCALER, said({"transform": 1}), "BUILD"),
        f"the file wants to change {StandardScaler.__module__}.StandardScaler",
    ),
    "changing a tuple": (
        assembled(said((1, 2)), said({}), "BUILD"),
        "the file wants to change builtins.tuple",
    ),
    "an item of an estimator": (
        assembled(SCALER, "EMPTY_TUPLE", "NEWOBJ", said("a"), said(1), "SETITEM"),
        f"the file wants to change {StandardScaler.__module__}.StandardScaler",
    ),
    "a method of its own": (
        assembled(SCALER, "EMPTY_TUPLE", "NEWOBJ", said({"transform": 1}), "BUILD"),
        (
            "the file holds a StandardScaler with an attribute that fitting does not "
            "leave: 'transform'"
        ),
    ),
    "a state setter of its own": (
        assembled(SCALER, "EMPTY_TUPLE", "NEWOBJ", said({"__setstate__": 1}), "BUILD"),
        (
            "the file holds a StandardScaler with an attribute that fitting does not "
            "leave: '__setstate__'"
        ),
    ),
    "a persistent id": (
        assembled(said("id"), "BINPERSID"),
        "the file wants the pickle instruction BINPERSID",
    ),
    "a persistent id as text": (
        assembled("PERSID", b"id\n"),
        "the file wants the pickle instruction PERSID",
    ),
    "a buffer from outside": (
        assembled("NEXT_BUFFER"),
        "the file wants the pickle instruction NEXT_BUFFER",
    ),
}
"""What runs nothing by itself, and is no part of a fitted preprocessing."""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Return the directory that exists only after a payload ran."""
    return tmp_path / "executed"


@pytest.fixture(params=PAYLOADS)
def payload(request: pytest.FixtureRequest, trace: Path) -> tuple[bytes, str]:
    """Return a payload that works, and the global that it needs."""
    make, wanted = PAYLOADS[request.param]
    data = make(trace)
    assert_runs(data, trace)
    return data, wanted


@pytest.fixture
def extension() -> Iterator[None]:
    """Let a code of the extension registry stand for the function that a payload calls."""
    copyreg.add_extension(os.mkdir.__module__, "mkdir", EXTENSION)
    yield
    copyreg.remove_extension(os.mkdir.__module__, "mkdir", EXTENSION)
    copyreg.clear_extension_cache()


def assert_runs(data: bytes, trace: Path) -> None:
    """See a payload run where nothing guards, and clear up after it."""
    joblib.load(io.BytesIO(data))
    trace.rmdir()


def refused(load: Callable[[], Any]) -> Finding:
    """Return the one finding about a file that must not load."""
    with pytest.raises(PartError) as error:
        load()
    (finding,) = error.value.findings
    return finding


def test_resealed_payload_is_refused_unexecuted(
    champion: Path, copied: Copy, trace: Path, payload: tuple[bytes, str]
) -> None:
    """A payload whose digests fit is refused by the name of the global, and nothing has run."""
    bundle = copied(champion)
    data, wanted = payload
    reseal(bundle, {COLUMNS: data})

    finding = the_finding(findings_of(bundle), "unpickling_refused", COLUMNS)

    assert finding.observed == f"the file wants to load {wanted}"
    assert not trace.exists()


def test_changed_file_is_explained_unexecuted(
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


@pytest.mark.parametrize("method", METHODS)
def test_compressed_payload_is_not_even_read(
    champion: Path, copied: Copy, trace: Path, method: str
) -> None:
    """A compressed file is refused as such: nothing that Understudy seals is compressed."""
    bundle = copied(champion)
    data = dumped(Call(os.mkdir, str(trace)), compress=(method, 3))
    assert_runs(data, trace)
    reseal(bundle, {COLUMNS: data})

    finding = the_finding(findings_of(bundle), "part_unreadable", COLUMNS)

    assert finding.expected == "an uncompressed joblib file"
    assert not trace.exists()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("make", [in_estimator, in_object_array])
def test_compressed_payload_from_elsewhere_is_refused_by_name(
    trace: Path, method: str, make: Callable[[Path], object]
) -> None:
    """A file that a team brings is decompressed first, and then meets the same allowlist."""
    data = dumped(make(trace), compress=(method, 3))
    assert_runs(data, trace)

    finding = refused(lambda: load_with_origins(decompressed(data, COLUMNS, MAX_BYTES), COLUMNS))

    assert finding.code == "unpickling_refused"
    assert finding.observed == f"the file wants to load {MKDIR}"
    assert not trace.exists()


@pytest.mark.parametrize("instruction", OLD)
@pytest.mark.usefixtures("extension")
def test_instruction_that_no_estimator_needs(trace: Path, instruction: str) -> None:
    """Older and rarer ways to call a function are refused like the usual one."""
    data = OLD[instruction](trace)
    assert_runs(data, trace)

    finding = refused(lambda: loads(data, COLUMNS))

    assert finding.code == "unpickling_refused"
    assert finding.observed in {
        f"the file wants the pickle instruction {instruction}",
        f"the file wants to load {MKDIR}",
    }
    assert not trace.exists()


def test_name_that_a_terminal_would_act_upon() -> None:
    """What a file names is shown as an escape where it is no text, and cut where it is long."""
    data = assembled(named("a\x1b[2J\ud800", "b" * 10**6))

    finding = refused(lambda: loads(data, COLUMNS))

    assert finding.code == "unpickling_refused"
    assert finding.observed.startswith("the file wants to load a\\x1b[2J\\ud800.bbb")
    assert len(finding.observed) < 500


@pytest.mark.parametrize("trick", TRICKS)
def test_trick_with_what_is_allowed(trick: str) -> None:
    """What the allowlist names can be made and filled, and not called, changed or disguised."""
    data, observed = TRICKS[trick]

    finding = refused(lambda: loads(data, COLUMNS))

    assert (finding.code, finding.observed) == ("unpickling_refused", observed)

"""Compressed files come out as they went in, within bounds."""

from __future__ import annotations

import importlib
import io
import lzma
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest

from guards.errors import Finding, PartError
from guards.integrity.unpickling.decompression import decompressed

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("zlib", "gzip", "bz2", "lzma", "xz", "lz4")
PART = "columns.joblib"
VALUE = {"a": np.arange(1000.0), "b": ["text"] * 50}
MIB = 1024**2


def dumped(value: object, compress: int | tuple[str, int] = 0) -> bytes:
    """Return a value as the bytes of a joblib file."""
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress)
    return buffer.getvalue()


def refused(data: bytes, max_bytes: int = MIB) -> Finding:
    """Return the one finding about data that must not be decompressed."""
    with pytest.raises(PartError) as error:
        decompressed(data, PART, max_bytes)
    (finding,) = error.value.findings
    assert (finding.code, finding.subject) == ("part_unreadable", PART)
    return finding


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [1, 3, 9])
def test_what_joblib_compresses_comes_out(method: str, level: int) -> None:
    """Each of joblib's methods, at each level, gives back what joblib reads from the file."""
    data = dumped(VALUE, (method, level))

    plain = decompressed(data, PART, MIB)

    assert len(plain) > len(data)
    assert plain == decompressed(plain, PART, MIB)
    loaded: Any = joblib.load(io.BytesIO(plain))
    np.testing.assert_array_equal(loaded["a"], VALUE["a"])


@pytest.mark.parametrize("data", [dumped(VALUE), b"", b"x", b"BZ", b"anything else"])
def test_what_is_not_compressed_stays_as_it_is(data: bytes) -> None:
    """A plain file, and whatever does not begin like a compressed one, is left to its reader."""
    assert decompressed(data, PART, 1) == data


@pytest.mark.parametrize("method", METHODS)
def test_bomb_is_defused(method: str) -> None:
    """A small file of a great many zeros is refused before they take memory."""
    data = dumped(b"\0" * 64 * MIB, (method, 3))
    assert len(data) < MIB
    tracemalloc.start()
    try:
        finding = refused(data)
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()
    assert finding.expected == f"a joblib file of at most {MIB} bytes"
    assert method in finding.observed


@pytest.mark.parametrize("method", METHODS)
def test_bound_is_exact(method: str) -> None:
    """A file of exactly the most bytes passes; one byte more does not."""
    data = dumped(VALUE, (method, 3))
    size = len(decompressed(data, PART, MIB))

    assert len(decompressed(data, PART, size)) == size
    refused(data, size - 1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) // 2], lambda data: data + b"\0", lambda data: data + data],
    ids=["truncated", "followed by junk", "twice"],
)
def test_broken_file_is_named(method: str, damage: Callable[[bytes], bytes]) -> None:
    """Half a file, and a file with something after it, say what they look like."""
    finding = refused(damage(dumped(VALUE, (method, 3))))

    assert method in finding.expected
    assert finding.remedy


@pytest.mark.parametrize(
    "data", [b"\x78\x9cjunk", b"BZh9junkjunkjunk", b"\xfd7zXZ\x00junkjunkjunk"]
)
def test_junk_that_begins_like_a_compressed_file(data: bytes) -> None:
    """The first bytes alone do not make a file."""
    assert refused(data).observed.startswith("undoing that fails: ")


def test_dictionary_of_gigabytes_is_not_made() -> None:
    """A header may ask for a dictionary of 4 GiB; that is refused unread."""
    data = bytearray(lzma.compress(b"a" * 100, format=lzma.FORMAT_ALONE))
    data[1:5] = b"\x00\x00\x00\xf0"

    finding = refused(b"\x5d\x00\x00" + bytes(data[3:]))

    assert "LZMAError" in finding.observed


def test_without_lz4(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where lz4 is not installed the finding says what to install."""

    def missing(_name: str) -> None:
        raise ModuleNotFoundError

    data = dumped(VALUE, ("lz4", 3))
    monkeypatch.setattr(importlib, "import_module", missing)

    finding = refused(data)

    assert "lz4" in finding.expected
    assert "pip install lz4" in finding.remedy


def test_every_level_of_zlib_is_known() -> None:
    """The second byte of zlib's header tells the level; all of them are read."""
    for level in range(10):
        data = zlib.compress(b"text" * 100, level)
        assert decompressed(data, PART, MIB) == b"text" * 100

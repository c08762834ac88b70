"""Compressed files are undone whole, within bounds, or refused."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from typing import TYPE_CHECKING

import joblib
import lz4.frame
import numpy as np
import pytest

from guards.errors import Finding, PartError
from guards.integrity.compression import decompressed

if TYPE_CHECKING:
    from collections.abc import Callable

PART = "columns.joblib"
PLAIN = bytes(range(256)) * 40

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "lz4": lz4.frame.compress,
}


def refused(data: bytes, most_bytes: int = len(PLAIN)) -> Finding:
    """Give the one finding about data that must not be undone."""
    with pytest.raises(PartError) as error:
        decompressed(data, PART, most_bytes)
    (finding,) = error.value.findings
    assert (finding.code, finding.subject) == ("part_unreadable", PART)
    return finding


@pytest.mark.parametrize("method", COMPRESS)
def test_data_comes_back_as_it_was(method: str) -> None:
    """What was compressed in any of the ways is undone, up to the very bound."""
    assert decompressed(COMPRESS[method](PLAIN), PART, len(PLAIN)) == PLAIN


@pytest.mark.parametrize("method", COMPRESS)
@pytest.mark.parametrize("level", [1, 3, 9])
def test_what_joblib_compressed_is_what_it_dumps(method: str, level: int) -> None:
    """Every method and level of joblib's own gives the file that joblib writes without one."""
    array = np.arange(2000.0)
    buffer = io.BytesIO()
    joblib.dump(array, buffer, compress=(method, level))

    plain = decompressed(buffer.getvalue(), PART, 2**20)

    assert plain != buffer.getvalue()
    np.testing.assert_array_equal(joblib.load(io.BytesIO(plain)), array)


@pytest.mark.parametrize("level", range(10))
def test_every_level_of_zlib_is_known(level: int) -> None:
    """The second byte of zlib's header changes with the level."""
    assert decompressed(zlib.compress(PLAIN, level), PART, len(PLAIN)) == PLAIN


@pytest.mark.parametrize("data", [b"", b"\x80\x04.", b"plain", PLAIN])
def test_plain_data_is_given_back(data: bytes) -> None:
    """Data that does not begin like a compressed file is not touched, however long."""
    assert decompressed(data, PART, 1) is data


@pytest.mark.parametrize("method", COMPRESS)
def test_bomb_is_refused_within_bounds(method: str) -> None:
    """A file of a few kilobytes that says it is many megabytes is stopped at the bound."""
    bomb = COMPRESS[method](bytes(32 * 1024**2))
    assert len(bomb) < 256 * 1024

    finding = refused(bomb, 10_000)

    assert finding.expected == "a joblib file of at most 10000 bytes"
    assert finding.observed == f"more, once its {method} compression is undone"


def test_header_that_claims_much_memory_is_refused() -> None:
    """A header of lzma's may ask for gigabytes before a byte is read."""
    data = bytearray(COMPRESS["lzma"](PLAIN))
    data[1:5] = b"\x00\x00\x00\xf0"

    assert "undoing that fails" in refused(bytes(data)).observed


@pytest.mark.parametrize("method", COMPRESS)
@pytest.mark.parametrize("damage", ["short", "longer", "broken", "two"])
def test_broken_data_is_refused(method: str, damage: str) -> None:
    """A file that ends early, goes on after its end, or is damaged inside is refused as such."""
    whole = COMPRESS[method](PLAIN)
    middle = len(whole) // 2
    data = {
        "short": whole[:-4],
        "longer": whole + b"more",
        "broken": whole[:middle] + bytes(byte ^ 255 for byte in whole[middle:]),
        "two": whole + whole,
    }[damage]

    finding = refused(data)

    assert finding.expected == f"a joblib file compressed with {method}, as its first bytes say"
    assert finding.observed.startswith("undoing that fails")


def test_lz4_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, the refusal says what to install."""
    monkeypatch.setitem(sys.modules, "lz4.frame", None)

    finding = refused(COMPRESS["lz4"](PLAIN))

    assert finding.observed == "it is not installed"
    assert "pip install lz4" in finding.remedy

"""Decompress a joblib file, within bounds.

Understudy seals uncompressed files. Files from elsewhere may be compressed in any way that joblib
knows; the first bytes tell which.
"""

from __future__ import annotations

import bz2
import importlib
import lzma
import zlib
from typing import TYPE_CHECKING, Protocol, cast

from guards.errors import Finding, PartError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["decompressed"]

_LZMA_MEMORY_BYTES = 256 * 1024**2
"""The highest preset needs 65 MiB to decompress; a header may claim 4 GiB."""

_ZLIB_OR_GZIP = 47
"""Zlib's own number for "whichever the header says"."""


class _Decompressor(Protocol):
    """What the classes of five modules have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def decompressed(data: bytes, part: str, max_bytes: int) -> bytes:
    """Return the content of data compressed with zlib, gzip, bz2, xz, lzma or lz4 (frames).

    Data that is not compressed is returned as it is. ``part`` names the file for the message.
    Raises ``PartError`` with code ``part_unreadable`` when more than ``max_bytes`` come out, when
    the data is broken or followed by other data, and when it needs ``lz4`` and that is not
    installed.
    """
    start = next((start for start in _METHODS if data.startswith(start)), None)
    if start is None:
        return data
    name, decompressor = _METHODS[start]
    try:
        return _bounded(decompressor(), data, part, name, max_bytes)
    except PartError:
        raise
    except ModuleNotFoundError:
        raise PartError(_without_lz4(part)) from None
    except Exception as error:  # noqa: BLE001 (each method has errors of its own)
        raise PartError(_broken(part, name, type(error).__name__)) from None


def _bounded(
    decompressor: _Decompressor, data: bytes, part: str, name: str, max_bytes: int
) -> bytes:
    content = decompressor.decompress(data, max_bytes + 1)
    if len(content) > max_bytes:
        raise PartError(_too_large(part, name, max_bytes))
    if not decompressor.eof or decompressor.unused_data:
        raise PartError(_broken(part, name, "its end is not the end of the file"))
    return content


def _lz4() -> _Decompressor:
    frames = importlib.import_module("lz4.frame")  # untyped, and may not be installed
    return cast("_Decompressor", frames.LZ4FrameDecompressor())


def _lzma() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY_BYTES)


def _zlib() -> _Decompressor:
    return zlib.decompressobj(_ZLIB_OR_GZIP)


_METHODS: dict[bytes, tuple[str, Callable[[], _Decompressor]]] = {
    b"\x78\x01": ("zlib", _zlib),
    b"\x78\x5e": ("zlib", _zlib),
    b"\x78\x9c": ("zlib", _zlib),
    b"\x78\xda": ("zlib", _zlib),
    b"\x1f\x8b": ("gzip", _zlib),
    b"BZh": ("bz2", bz2.BZ2Decompressor),
    b"\xfd7zXZ\x00": ("xz", _lzma),
    b"\x5d\x00\x00": ("lzma", _lzma),
    b"\x04\x22\x4d\x18": ("lz4", _lz4),
}


def _too_large(part: str, name: str, max_bytes: int) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected=f"a joblib file of at most {max_bytes} bytes",
        observed=f"more, once its {name} compression is undone",
        remedy="dump the fitted estimator alone, without what it was fitted on",
    )


def _broken(part: str, name: str, observed: str) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected=f"a joblib file compressed with {name}, as its first bytes say",
        observed=f"undoing that fails: {observed}",
        remedy="copy the file again from where it was made",
    )


def _without_lz4(part: str) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected="the package lz4, which the file is compressed with",
        observed="it is not installed",
        remedy="run `pip install lz4`, or dump the file without compression",
    )

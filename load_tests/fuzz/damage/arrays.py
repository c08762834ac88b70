"""Damage files of arrays: the headers of ``.npy``, ``.npz`` and safetensors, and the values."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.documents import damaged_document

if TYPE_CHECKING:
    from random import Random

    from numpy.typing import NDArray

__all__ = ["damaged_npy", "damaged_npz", "damaged_safetensors"]

_DTYPES = (
    "<f8", "<f4", "<f2", "<i8", "<u1", "|O", "<U50000000", "|V2147483647", "<c16", "<M8[s]", ">f4",
    "|b1", "|S0", "[('a', '<f8')]", "x", "<f4, <f4",
)  # fmt: skip
_SHAPES = (
    "()", "(0,)", "(1,)", "(-1,)", "(4294967296,)", "(2147483647, 2147483647)", "(0, 10**12)",
    "(9223372036854775807, 2)", "(1, " * 40, "(1.5,)", "('a',)", "None", "(1,) * 10**9",
)  # fmt: skip
_TENSOR_DTYPES = ("F64", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "F4", "C64")


def damaged_npz(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Damage one member of an archive, or the archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice([*members])
    how = rng.choice(("member", "member", "member", "removed", "twice", "bomb", "named", "stored"))
    words = f"{name}: {how}"
    if how == "member":
        members[name], inner = damaged_npy(rng, members[name])
        words = f"{name}: {inner}"
    elif how == "removed":
        del members[name]
    elif how == "bomb":
        members[name] = _npy("<f4", "(250000000,)", b"\x00" * 50_000_000)
    elif how == "named":
        members[rng.choice(("../x.npy", "/x.npy", "a\x00.npy", "x" * 70000, "x"))] = members[name]
    return _archived(members, name if how == "twice" else None, stored=how == "stored"), words


def _archived(members: dict[str, bytes], twice: str | None, *, stored: bool) -> bytes:
    buffer = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name[:65535]), content, compress_type=method)
        if twice is not None:
            archive.writestr(zipfile.ZipInfo(f"{twice}x"), members[twice])
    data = buffer.getvalue()
    # The library warns of a name that is there twice, so the second is written as another.
    return (
        data if twice is None else data.replace(f"{twice}x".encode(), f"{twice}".encode() + b"\0")
    )


def damaged_npy(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Damage the header of an array, its values, or its length."""
    array = np.load(io.BytesIO(data))
    how = rng.choice(("dtype", "shape", "order", "header", "values", "values", "reshaped", "cut"))
    if how in {"values", "reshaped"}:
        return _saved((_damaged_values if how == "values" else _reshaped)(rng, array)), how
    dtype, shape = repr(array.dtype.str), repr(array.shape)
    if how == "dtype":
        drawn = rng.choice(_DTYPES)
        dtype = drawn if drawn.startswith("[") else repr(drawn)
    elif how == "shape":
        shape = rng.choice(_SHAPES)
    elif how == "header":
        return b"\x93NUMPY" + bytes([rng.choice((0, 1, 2, 3, 255)), 0]) + rng.randbytes(60), how
    content = array.tobytes()
    content = content[: rng.randrange(len(content) + 1)] if how == "cut" else content
    return _npy(dtype.strip("'"), shape, content, fortran=how == "order"), f"{how} {dtype} {shape}"


def _npy(dtype: str, shape: str, content: bytes, *, fortran: bool = False) -> bytes:
    descr = dtype if dtype.startswith("[") else repr(dtype)
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header + content


def _saved(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _damaged_values(rng: Random, array: NDArray[Any]) -> NDArray[Any]:
    flat = array.copy().reshape(-1)
    if not flat.size:
        return np.zeros(3, array.dtype)
    extreme = (
        (0, -1, 1, np.iinfo(flat.dtype).max, np.iinfo(flat.dtype).min)
        if flat.dtype.kind in "iu"
        else (0, -1, 1, 1e38, np.nan, np.inf, -np.inf)
    )
    at = slice(None) if happens(rng, 0.3) else rng.randrange(flat.size)
    with np.errstate(all="ignore"):
        flat[at] = np.array(rng.choice(extreme)).astype(flat.dtype)
    return flat.reshape(array.shape)


def _reshaped(rng: Random, array: NDArray[Any]) -> NDArray[Any]:
    forms = (array.reshape(-1), array.T, array[:0], array[None], array[: len(array) // 2])
    return np.ascontiguousarray(rng.choice(forms)) if array.ndim else array.reshape(1, 1)


def damaged_safetensors(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Damage the header of a file of tensors, its length, or the values."""
    (length,) = struct.unpack("<Q", data[:8])
    header, content = json.loads(data[8 : 8 + length]), data[8 + length :]
    how = rng.choice(("header", "header", "tensor", "tensor", "length", "values", "cut"))
    words = how
    if how == "header":
        header, words = damaged_document(rng, header)
    elif how == "tensor":
        words = _damage_tensor(rng, header)
    elif how == "values":
        at = rng.randrange(max(len(content) // 4, 1)) * 4
        bad = rng.choice((np.nan, np.inf, -np.inf, 3e38, 0.0))
        count = rng.choice((1, 64, 100_000))
        piece = np.full(count, bad, dtype="<f4").tobytes()[: len(content) - at]
        content = content[:at] + piece + content[at + len(piece) :]
        words = f"{count} values at {at} = {bad}"
    elif how == "cut":
        content = content[: rng.randrange(len(content) + 1)]
    written = json.dumps(header).encode()
    length = rng.choice((0, 1, 2**31, 2**63, 2**64 - 1)) if how == "length" else len(written)
    return struct.pack("<Q", length) + written + content, words


def _damage_tensor(rng: Random, header: dict[str, Any]) -> str:
    name = rng.choice([key for key in header if key != "__metadata__"])
    tensor = header[name]
    field = rng.choice(("dtype", "shape", "data_offsets", "renamed", "alias", "dropped"))
    if field == "dtype":
        tensor["dtype"] = rng.choice(_TENSOR_DTYPES)
    elif field == "shape":
        shape: list[int] = tensor["shape"]
        others = (shape[::-1], [0], [2**62, 4], [-1], [1, *shape], [10**12])
        tensor["shape"] = rng.choice(([], *others))
    elif field == "data_offsets":
        start, end = tensor["data_offsets"]
        shifted = ([start - 4, end], [start, end + 4], [start, 2**64 - 1])
        tensor["data_offsets"] = rng.choice(([0, 2**62], [-1, 0], [end, start], *shifted))
    elif field == "renamed":
        header[f"{name}x"] = header.pop(name)
    elif field == "alias":
        other = rng.choice([key for key in header if key != "__metadata__"])
        header[name] = header[other]
    else:
        del header[name]
    return f"{name} {field}"

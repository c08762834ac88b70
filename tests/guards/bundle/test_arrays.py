"""Arrays are read only where their headers agree with their bytes."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.lib import format as npy

from guards.bundle.arrays import read_array, read_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray


def saved(array: NDArray[Any]) -> bytes:
    """Return an array as a file of numpy."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def saved_in_format_3(array: NDArray[Any]) -> bytes:
    """Return an array as a file of numpy's latest format."""
    buffer = io.BytesIO()
    npy.write_array(buffer, array, version=(3, 0))
    return buffer.getvalue()


def announcing(dtype: str, shape: str, numbers: bytes = b"") -> bytes:
    """Return a file whose header announces a type and a shape, before these numbers."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + numbers


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip file of members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<i4", "<i8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (0, 4)])
def test_numbers_are_read_as_they_were_saved(dtype: str, shape: tuple[int, ...]) -> None:
    """Type, shape and every bit come back."""
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)

    read = read_array(saved(array))

    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(read, array)


ANNOUNCED = {
    "texts of 50 million characters": announcing("'<U50000000'", "(1,)"),
    "bytes of any length": announcing("'|S2147483647'", "(4,)"),
    "terabytes": announcing("'<f8'", "(1000000000000,)", bytes(8)),
    "a product beyond 64 bits": announcing("'<f4'", "(4294967296, 4294967296, 2)"),
    "one number more": announcing("'<f4'", "(3,)", bytes(8)),
    "one number less": announcing("'<f4'", "(1,)", bytes(8)),
    "a negative dimension": announcing("'<f4'", "(-1, -2)", bytes(8)),
    "objects": saved(np.array([None])),
    "fields": announcing("[('a', '<f8', (1000000, 1000000))]", "(1,)"),
    "numbers of the other order of bytes": announcing("'>f4'", "(2,)", bytes(8)),
    "the order of Fortran": saved(np.asfortranarray(np.ones((2, 3)))),
    "a format for names in Unicode": saved_in_format_3(np.zeros(2)),
    "another format": b"\x93NUMPY\x03\x00" + saved(np.zeros(2))[8:],
    "brackets": announcing("'<f4'", "(" * 90),
    "nothing": b"",
}


@pytest.mark.parametrize("name", ANNOUNCED)
def test_headers_that_announce_something_else(name: str) -> None:
    """A header that does not fit its bytes is refused, and no memory is taken for it."""
    tracemalloc.start()
    with pytest.raises(Exception, match=r"."):
        read_array(ANNOUNCED[name])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1_000_000


@pytest.mark.parametrize("name", ["one number more", "one number less", "a negative dimension"])
def test_a_header_of_another_size_says_both(name: str) -> None:
    """Before anything is laid out as it announces."""
    with pytest.raises(ValueError, match=r"announces \d+ bytes of numbers, where there are 8"):
        read_array(ANNOUNCED[name])


NUMBERS = saved(np.arange(3.0))


def test_arrays_of_a_file() -> None:
    """The arrays are found by their names, whatever their order."""
    read = read_arrays(zipped({"b.npy": saved(np.zeros(2)), "a.npy": NUMBERS}), ["a", "b"])

    np.testing.assert_array_equal(read["a"], np.arange(3.0))
    np.testing.assert_array_equal(read["b"], np.zeros(2))


@pytest.mark.parametrize(
    "data",
    [
        zipped({"a.npy": NUMBERS}),
        zipped({"a.npy": NUMBERS, "b.npy": NUMBERS, "c.npy": NUMBERS}),
        zipped({"a.npy": NUMBERS, "b": NUMBERS}),
        zipped({"a.npy": NUMBERS, "../b.npy": NUMBERS}),
        zipped({"a.npy": NUMBERS, "b.npy": bytes(50_000_000)}, zipfile.ZIP_DEFLATED),
        zipped({"a.npy": NUMBERS, "b.npy": NUMBERS}, zipfile.ZIP_BZIP2),
        b"PK\x05\x06" + bytes(18),
    ],
    ids=["missing", "more", "no array", "a path", "deflated", "another compression", "empty"],
)
def test_files_with_other_members_are_refused(data: bytes) -> None:
    """Exactly the arrays that are expected may be there, uncompressed."""
    with pytest.raises(ValueError, match="arrays must"):
        read_arrays(data, ["a", "b"])

"""Read arrays from bytes, with memory for no more numbers than the bytes hold.

``numpy.load`` makes room for what a header announces before it reads: a file of a few bytes can
announce terabytes. Here the header has to agree with the bytes, and only numbers are read.
"""

from __future__ import annotations

import io
import math
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

__all__ = ["read_array", "read_arrays"]

_DTYPES = frozenset({"<f4", "<f8", "<i4", "<i8"})


def read_arrays(data: bytes, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays of an ``.npz`` file that holds exactly these, uncompressed.

    Raises ``ValueError`` or another error of the libraries where it does not.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = file.infolist()
        if sorted(member.filename for member in members) != sorted(f"{n}.npy" for n in names):
            message = f"the arrays must be {', '.join(names)}, each once"
            raise ValueError(message)
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            message = "arrays must not be compressed"
            raise ValueError(message)
        return {name: read_array(file.read(f"{name}.npy")) for name in names}


def read_array(data: bytes) -> NDArray[Any]:
    """Read an ``.npy`` file of int32, int64, float32 or float64.

    Raises ``ValueError`` where its header announces something else, or another size than there is.
    """
    stream = io.BytesIO(data)
    version = npy.read_magic(stream)
    if version not in {(1, 0), (2, 0)}:
        message = f"an array of format version {version}"
        raise ValueError(message)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read(stream)
    if dtype.str not in _DTYPES or fortran_order:
        message = "an array of other things than numbers in the order of C"
        raise ValueError(message)
    expected = math.prod(shape) * dtype.itemsize
    observed = len(data) - stream.tell()
    if min(shape, default=0) < 0 or expected != observed:
        message = f"a header that announces {expected} bytes of numbers, where there are {observed}"
        raise ValueError(message)
    return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape)

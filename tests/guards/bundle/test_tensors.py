"""The header of a file of weights has to describe exactly the numbers in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import save

from guards.bundle.tensors import tensors_in
from guards.errors import PartError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonObject


def file_of(header: object, numbers: int = 16) -> bytes:
    """Return a file with a header, and so many bytes of numbers."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(numbers)


def tensor(
    shape: Sequence[object], start: int = 0, end: int = 16, dtype: str = "F32"
) -> JsonObject:
    """Return what a header says of one tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_names_types_and_shapes() -> None:
    """A file that the library wrote gives its tensors; what else it says is left out."""
    weights: dict[str, NDArray[Any]] = {
        "a": np.zeros((2, 3), np.float32),
        "b": np.zeros(0, np.int64),
        "c": np.ones(()),
    }
    data = save(weights, metadata={"format": "pt"})

    found = {name: (one.dtype, one.shape) for name, one in tensors_in(data).items()}

    assert found == {"a": ("F32", (2, 3)), "b": ("I64", (0,)), "c": ("F64", ())}


HEADERS: dict[str, object] = {
    "more than there is": {"a": tensor([1_000_000], 0, 4_000_000)},
    "another shape than the place": {"a": tensor([5])},
    "a product beyond 64 bits": {"a": tensor([2**40, 2**40])},
    "a gap": {"a": tensor([1], 0, 4), "b": tensor([2], 8, 16)},
    "an overlap": {"a": tensor([4]), "b": tensor([4])},
    "a rest": {"a": tensor([2], 0, 8)},
    "negative": {"a": tensor([-2, -2])},
    "a fraction": {"a": tensor([4.0])},
    "true": {"a": tensor([True, 4])},
    "backwards": {"a": tensor([0], 16, 0)},
    "many dimensions": {"a": tensor([1] * 60 + [4])},
    "no type": {"a": tensor([4], dtype="OBJECT")},
    "no shape": {"a": {"dtype": "F32", "data_offsets": [0, 16]}},
    "three offsets": {"a": {**tensor([4]), "data_offsets": [0, 8, 16]}},
    "no object": [1],
    "a name twice": b'{"a": 1, "a": 2}',
    "deep": b"[" * 100_000,
    "no JSON": b"{",
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_do_not_fit(name: str) -> None:
    """A header that announces something else than there is makes the part unreadable."""
    with pytest.raises(PartError) as refusal:
        tensors_in(file_of(HEADERS[name]))

    assert refusal.value.findings[0].code == "part_unreadable"


def test_a_header_that_is_no_object_is_told() -> None:
    """The reason is in words of the format."""
    with pytest.raises(PartError) as refusal:
        tensors_in(file_of([1]))

    assert "the header is no JSON object" in refusal.value.findings[0].observed


@pytest.mark.parametrize("data", [b"", b"\xff" * 8, b"\xff" * 7 + b"\x7f" + b"{}"])
def test_lengths_that_do_not_fit(data: bytes) -> None:
    """A header of more bytes than the file has is refused unread."""
    with pytest.raises(PartError):
        tensors_in(data)


def test_whole_file_of_one_tensor() -> None:
    """The file that the damaged ones are made from is sound."""
    assert tensors_in(file_of({"a": tensor([4])}))["a"].shape == (4,)

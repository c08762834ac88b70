"""Values of fitted estimators and tokenizers as JSON that is short enough to read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from guards.integrity.state.fingerprint import MAX_BITS, digest, digest_of_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Sized

    from guards.json_types import JsonObject

__all__ = ["SHA256", "are_texts", "dtype_name", "is_estimator", "jsonable"]

SHA256 = "sha256"
"""The name under which a digest is kept."""

_MAX_LIST = 200
"""A longer list is replaced by its length and digest."""

_MAX_TEXTS = 1_000
"""A longer list of texts is: of categories there may well be more than one can read."""

_MAX_TEXT = 500


def jsonable(value: object) -> object:  # noqa: C901, PLR0911, PLR0912 (one branch a type)
    """Return a value as JSON that is short enough to read, else its length and digest."""
    match value:
        case np.generic():
            return jsonable(value.item())
        case np.ndarray():
            return _jsonable_array(value)
        case None | bool():
            return value
        case int():
            return value if value.bit_length() <= MAX_BITS else jsonable(hex(value))
        case float():
            return _jsonable_float(value)
        case str():
            return value if len(value) <= _MAX_TEXT else _summary(value)
        case list() | tuple():
            return _jsonable_list(value)
        case dict():
            return _jsonable_dict(value)
        case set() | frozenset():
            return jsonable(sorted(value)) if are_texts(value) else _summary(value)
        case slice():
            return [value.start, value.stop, value.step]
        case np.dtype():
            return dtype_name(value)
        case type():
            return f"{value.__module__}.{value.__qualname__}"
        case bytes():
            return _summary(value)
        case _ if is_estimator(value):
            return {"class": type(value).__name__, SHA256: digest(value)}
    return jsonable(type(value))


def _jsonable_float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value + 0.0


def _jsonable_array(array: np.ndarray) -> object:
    if array.ndim < 2 or array.size <= _MAX_LIST:  # noqa: PLR2004 (a matrix)
        return jsonable(array.tolist())
    return {"shape": list(array.shape), SHA256: digest(array)}


def _jsonable_list(values: Sequence[object]) -> object:
    if len(values) <= (_MAX_TEXTS if are_texts(values) else _MAX_LIST):
        return [jsonable(item) for item in values]
    return {**_summary(values), **_span(values)}


def _jsonable_dict(values: Mapping[object, object]) -> object:
    if len(values) > _MAX_LIST or len({*map(str, values)}) < len(values):
        return _summary(values)
    return {str(key): jsonable(item) for key, item in values.items()}


def _summary(value: Sized) -> JsonObject:
    """Return the ``length`` and the ``sha256`` of a value that is too long to read."""
    return {"length": len(value), SHA256: digest_of_json(value)}


def _span(values: Sequence[object]) -> dict[str, float]:
    numbers = [item for item in values if isinstance(item, int | float) and math.isfinite(item)]
    return {"lowest": min(numbers), "highest": max(numbers)} if numbers else {}


def are_texts(values: Iterable[object]) -> bool:
    """Tell whether every item is a text."""
    return all(isinstance(item, str) for item in values)


def dtype_name(dtype: np.dtype) -> str:
    """Name a dtype whatever its byte order: ``float64``, ``object``, ``U5``."""
    return str(dtype.newbyteorder("=")).lstrip("<>=|")


def is_estimator(value: object) -> bool:
    """Tell whether a value holds parameters and fitted state of its own."""
    return hasattr(value, "get_params") and not isinstance(value, type)

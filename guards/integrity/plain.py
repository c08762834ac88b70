"""Any value of a fitted estimator or a tokenizer, as plain JSON that is short enough to read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.integrity.fingerprint import digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["SHA256", "are_texts", "dtype_name", "is_estimator", "plain", "summary"]

SHA256 = "sha256"
"""What a digest is kept under."""

_LONGEST_LIST = 200
"""Longer lists are told by their length and digest."""

_LONGEST_TEXTS = 1_000
"""Longer lists of texts are: a list of categories may well be longer than one can read."""

_LONGEST_TEXT = 500

_MOST_BITS = 1024
"""Longer whole numbers are told in hexadecimal: Python gives up on writing them in tens."""


def plain(value: object) -> Any:  # noqa: ANN401, C901, PLR0911, PLR0912 (JSON; one branch a type)
    """Give a value as plain JSON that is short enough to read, else its length and digest."""
    match value:
        case np.generic():
            return plain(value.item())
        case np.ndarray():
            return _plain_array(value)
        case None | bool():
            return value
        case int():
            return value if value.bit_length() <= _MOST_BITS else plain(hex(value))
        case float():
            return _plain_float(value)
        case str():
            return value if len(value) <= _LONGEST_TEXT else summary(value)
        case list() | tuple():
            return _plain_list(value)
        case dict():
            return _plain_dict(value)
        case set() | frozenset():
            return plain(sorted(value)) if are_texts(value) else summary(value)
        case slice():
            return [value.start, value.stop, value.step]
        case np.dtype():
            return dtype_name(value)
        case type():
            return f"{value.__module__}.{value.__qualname__}"
        case bytes():
            return summary(value)
        case _ if is_estimator(value):
            return {"class": type(value).__name__, SHA256: digest(value)}
    return plain(type(value))


def _plain_float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value + 0.0


def _plain_array(array: np.ndarray[Any, Any]) -> object:
    if array.ndim < 2 or array.size <= _LONGEST_LIST:  # noqa: PLR2004 (a matrix)
        return plain(array.tolist())
    return {"shape": list(array.shape), SHA256: digest(array)}


def _plain_list(values: Sequence[Any]) -> object:
    if len(values) <= (_LONGEST_TEXTS if are_texts(values) else _LONGEST_LIST):
        return [plain(item) for item in values]
    return {**summary(values), **_span(values)}


def _plain_dict(values: Mapping[Any, Any]) -> object:
    if len(values) > _LONGEST_LIST or len({*map(str, values)}) < len(values):
        return summary(values)
    return {str(key): plain(item) for key, item in values.items()}


def summary(value: Any) -> dict[str, Any]:  # noqa: ANN401 (anything with a length)
    """Give what stands for a value that is too long: its ``length`` and its ``sha256``."""
    return {"length": len(value), SHA256: digest(value)}


def _span(values: Sequence[Any]) -> dict[str, float]:
    numbers = [item for item in values if isinstance(item, int | float) and math.isfinite(item)]
    return {"lowest": min(numbers), "highest": max(numbers)} if numbers else {}


def are_texts(values: Any) -> bool:  # noqa: ANN401 (anything that can be iterated)
    """Tell whether every item is a text."""
    return all(isinstance(item, str) for item in values)


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Name a dtype whatever its byte order: ``float64``, ``object``, ``U5``."""
    return str(dtype.newbyteorder("=")).lstrip("<>=|")


def is_estimator(value: object) -> bool:
    """Tell whether a value holds parameters and fitted state of its own."""
    return hasattr(value, "get_params") and not isinstance(value, type)

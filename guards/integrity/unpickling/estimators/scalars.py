"""Kinds of attributes that are one value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from guards.integrity.unpickling.estimators.kinds import OUR_CLASSES, Kind, Sizes

__all__ = [
    "Choice",
    "Dtype",
    "Flag",
    "Integer",
    "Number",
    "Size",
    "Slice",
    "Text",
    "ValueClass",
]

_NUMERIC = "biuf"
_DTYPE_TEXT = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248]|[?bhilqBHILQefdO]|[a-z]{3,6}[0-9]{0,2})")
_MAX_TEXT = 100_000


class Flag:
    """A truth value."""

    words = "True or False"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is a truth value."""
        return isinstance(value, bool | np.bool_)


@dataclass(frozen=True)
class Integer:
    """A whole number from ``low`` to ``high``."""

    low: int = -(2**53)
    high: int = 2**53

    @property
    def words(self) -> str:
        """The range, in words."""
        return f"a whole number from {self.low} to {self.high}"

    def fits(self, value: Any, _sizes: Sizes) -> bool:  # noqa: ANN401 (whatever a file holds)
        """Tell whether the value is such a number, and not a truth value."""
        return _is_integer(value) and self.low <= int(value) <= self.high


@dataclass(frozen=True)
class Size:
    """A whole number that is the length of a dimension."""

    dimension: str
    low: int = 0
    high: int = 2**31

    @property
    def words(self) -> str:
        """The dimension, in words."""
        return f"the number of {self.dimension}"

    def fits(self, value: Any, sizes: Sizes) -> bool:  # noqa: ANN401 (whatever a file holds)
        """Tell whether the value is the length of the dimension."""
        return (
            _is_integer(value)
            and self.low <= value <= self.high
            and sizes.setdefault(self.dimension, int(value)) == value
        )


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``; NaN only where ``nan`` allows it."""

    low: float = -math.inf
    high: float = math.inf
    nan: bool = False

    @property
    def words(self) -> str:
        """The range, in words."""
        return f"a number from {self.low} to {self.high}" + " or NaN" * self.nan

    def fits(self, value: Any, _sizes: Sizes) -> bool:  # noqa: ANN401 (whatever a file holds)
        """Tell whether the value is such a number, and not a truth value."""
        if not (_is_integer(value) or isinstance(value, float | np.floating)):
            return False
        return self.nan if value != value else self.low <= value <= self.high  # noqa: PLR0124 (NaN)


@dataclass(frozen=True)
class Text:
    """A text of at most ``max_length`` characters."""

    max_length: int = _MAX_TEXT

    @property
    def words(self) -> str:
        """The length, in words."""
        return f"a text of at most {self.max_length} characters"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is such a text."""
        return type(value) in (str, np.str_) and len(value) <= self.max_length  # type: ignore[arg-type]  # a text


class Choice:
    """One of a few texts."""

    def __init__(self, *texts: str) -> None:
        """Allow ``texts``."""
        self.texts = texts

    @property
    def words(self) -> str:
        """The texts, in words."""
        return " or ".join(map(repr, self.texts))

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is one of them."""
        return type(value) in (str, np.str_) and value in self.texts


@dataclass(frozen=True)
class Dtype:
    """A dtype, by itself, by its name or by its class; ``kinds`` are numpy's letters."""

    kinds: str = _NUMERIC

    @property
    def words(self) -> str:
        """The kinds, in words."""
        return f"a dtype of kind {' '.join(self.kinds)}"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value names such a dtype."""
        if isinstance(value, str):
            return bool(_DTYPE_TEXT.fullmatch(value)) and _kind_of(value) in [*self.kinds]
        if isinstance(value, type):
            return value in OUR_CLASSES and _kind_of(value) in [*self.kinds]
        return isinstance(value, np.dtype) and value.kind in self.kinds


class ValueClass:
    """A class that settings name: ``int``, ``numpy.float32``, ``numpy.number``."""

    words = "a class of numbers, texts or objects"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is such a class."""
        return isinstance(value, type) and value in OUR_CLASSES


@dataclass(frozen=True)
class Slice:
    """A slice whose bounds are each of one kind, or None."""

    bound: Kind

    @property
    def words(self) -> str:
        """The bounds, in words."""
        return f"a slice of {self.bound.words}"

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is such a slice."""
        return isinstance(value, slice) and all(
            bound is None or self.bound.fits(bound, sizes)
            for bound in (value.start, value.stop, value.step)
        )


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _kind_of(dtype: Any) -> str | None:  # noqa: ANN401 (what numpy takes for a dtype)
    try:
        return str(np.dtype(dtype).kind)
    except TypeError:
        return None

"""The words in which the attributes of fitted estimators are described.

A kind says what fitting leaves in an attribute: :meth:`Kind.fits` tells whether a value is of it,
and ``words`` say it to a reader. Dimensions have names: the first attribute that has a dimension
settles how long it is, and the others must agree.
"""

from __future__ import annotations

import math
import re
from collections import UserList
from dataclasses import dataclass
from types import NoneType
from typing import Any, Protocol

import numpy as np

from guards.integrity.unpickling.numpy_state import Inert as Placeholder

__all__ = [
    "Array",
    "Choice",
    "DictOf",
    "Dtype",
    "Flag",
    "Inert",
    "Integer",
    "Kind",
    "ListOf",
    "Nested",
    "Nothing",
    "Number",
    "Objects",
    "OneOf",
    "Size",
    "Sizes",
    "Slice",
    "Text",
    "TextSet",
    "Trusted",
    "TupleOf",
    "ValueClass",
    "is_trusted",
    "optional",
]

Sizes = dict[str, int]
"""The lengths of named dimensions, as far as they are known."""

_NUMERIC = "biuf"
_DTYPE_TEXT = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248]|[?bhilqBHILQefdO]|[a-z]{3,6}[0-9]{0,2})")
_MAX_TEXT = 100_000

_OURS = (
    NoneType, bool, int, float, str, bytes, list, tuple, dict, set, frozenset, slice,
    np.ndarray, np.random.RandomState,
)  # fmt: skip
"""The exact types of what is rebuilt without the help of a trusted class."""

_OUR_CLASSES = {
    *(bool, int, float, object, np.ndarray, np.number, np.bool_, np.str_, np.object_),
    *(np.dtype(code).type for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8")),
    *(np.dtype(code).type for code in ("u1", "u2", "u4", "u8")),
}


class Kind(Protocol):
    """What fitting leaves in an attribute."""

    @property
    def words(self) -> str:
        """What it is, for a reader: ``a float array [features]``."""

    def fits(self, value: Any, sizes: Sizes) -> bool:  # noqa: ANN401 (whatever a file holds)
        """Tell whether a value is of this kind, and settle dimensions in ``sizes``."""


def is_trusted(value: object) -> bool:
    """Tell whether a value can only have come from a trusted class or function."""
    kind = type(value)
    if kind in _OURS or isinstance(value, np.generic | np.dtype):
        return False
    if kind is type:
        return value not in _OUR_CLASSES
    return not kind.__module__.startswith(("sklearn.", "guards."))


def optional(kind: Kind) -> OneOf:
    """Return the kind of what is None or of another kind."""
    return OneOf(Nothing(), kind)


@dataclass(frozen=True)
class Nothing:
    """None."""

    words = "None"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is None."""
        return value is None


@dataclass(frozen=True)
class Trusted:
    """What a trusted class or function made, or is: nothing else is known about it."""

    words = "what a trusted class made"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value can only have come from a trusted class or function."""
        return is_trusted(value)


@dataclass(frozen=True)
class Inert:
    """What stands for an object that transforming does not need."""

    words = "a cache"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value stands for such an object."""
        return isinstance(value, Placeholder)


@dataclass(frozen=True)
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


@dataclass(frozen=True, init=False)
class Choice:
    """One of a few texts."""

    texts: tuple[str, ...]

    def __init__(self, *texts: str) -> None:
        """Allow ``texts``."""
        object.__setattr__(self, "texts", texts)

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
            return value in _OUR_CLASSES and _kind_of(value) in [*self.kinds]
        return isinstance(value, np.dtype) and value.kind in self.kinds


@dataclass(frozen=True)
class ValueClass:
    """A class that settings name: ``int``, ``numpy.float32``, ``numpy.number``."""

    words = "a class of numbers, texts or objects"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is such a class."""
        return isinstance(value, type) and value in _OUR_CLASSES


@dataclass(frozen=True, init=False)
class Array:
    """A numpy array of numbers, truth values or texts.

    ``kinds`` are numpy's letters. ``shape`` holds the names of dimensions, or their lengths. Values
    lie from ``low`` to ``high``, NaN aside. Numbers that are ``sorted`` never fall along the first
    axis; those that are ``ascending`` rise with each step.
    """

    kinds: str
    shape: tuple[str | int, ...]
    low: float | None = None
    high: float | None = None
    sorted: bool = False
    ascending: bool = False

    def __init__(
        self,
        kinds: str,
        *shape: str | int,
        low: float | None = None,
        high: float | None = None,
        sorted: bool = False,  # noqa: A002 (the word for it)
        ascending: bool = False,
    ) -> None:
        """Describe the array."""
        described = {"kinds": kinds, "shape": shape, "low": low, "high": high}
        for name, value in {**described, "sorted": sorted, "ascending": ascending}.items():
            object.__setattr__(self, name, value)

    @property
    def words(self) -> str:
        """Kind, shape, bounds and order, in words."""
        bounds = [f"from {self.low}"] * (self.low is not None)
        bounds += [f"to {self.high}"] * (self.high is not None)
        order = ["sorted"] * self.sorted + ["ascending"] * self.ascending
        shape = ", ".join(map(str, self.shape))
        return " ".join([*order, f"an array of kind {' '.join(self.kinds)} [{shape}]", *bounds])

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is such an array."""
        return (
            type(value) is np.ndarray
            and value.dtype.kind in self.kinds
            and value.dtype.isnative
            and _has_shape(value, self.shape, sizes)
            and self._in_bounds(value)
            and self._in_order(value)
        )

    def _in_bounds(self, array: np.ndarray) -> bool:
        below = self.low is not None and bool((array < self.low).any())
        above = self.high is not None and bool((array > self.high).any())
        return not (below or above)

    def _in_order(self, array: np.ndarray) -> bool:
        if self.ascending:
            return bool((array[1:] > array[:-1]).all())
        return not (self.sorted and bool((array[1:] < array[:-1]).any()))


@dataclass(frozen=True, init=False)
class Objects:
    """A numpy array of objects, each of one kind."""

    item: Kind
    shape: tuple[str | int, ...]

    def __init__(self, item: Kind, *shape: str | int) -> None:
        """Describe the array."""
        object.__setattr__(self, "item", item)
        object.__setattr__(self, "shape", shape)

    @property
    def words(self) -> str:
        """Items and shape, in words."""
        return f"an object array [{', '.join(map(str, self.shape))}], each {self.item.words}"

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is such an array."""
        return (
            type(value) is np.ndarray
            and value.dtype == object
            and _has_shape(value, self.shape, sizes)
            and all(self.item.fits(item, sizes) for item in value.ravel().tolist())
        )


@dataclass(frozen=True)
class ListOf:
    """A list, each item of one kind, as long as ``dimension`` says; or a tuple, where allowed."""

    item: Kind
    dimension: str | int | None = None
    or_tuple: bool = False

    @property
    def words(self) -> str:
        """Items and length, in words."""
        length = "" if self.dimension is None else f" [{self.dimension}]"
        return f"a list{length}, each {self.item.words}"

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is such a list."""
        return (
            isinstance(value, list | UserList | (tuple if self.or_tuple else list))
            and (self.dimension is None or _settles(len(value), self.dimension, sizes))
            and all(self.item.fits(item, sizes) for item in value)
        )


@dataclass(frozen=True, init=False)
class TupleOf:
    """A tuple or list of fixed length, each item of its own kind."""

    items: tuple[Kind, ...]

    def __init__(self, *items: Kind) -> None:
        """Describe the items, in order."""
        object.__setattr__(self, "items", items)

    @property
    def words(self) -> str:
        """The items, in words."""
        return f"({'; '.join(item.words for item in self.items)})"

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is such a tuple."""
        return (
            isinstance(value, tuple | list)
            and len(value) == len(self.items)
            and all(kind.fits(item, sizes) for kind, item in zip(self.items, value, strict=True))
        )


@dataclass(frozen=True)
class TextSet:
    """A set of texts."""

    words = "a set of texts"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is a set of texts."""
        return isinstance(value, set | frozenset) and set(map(type, value)) <= {str}


@dataclass(frozen=True)
class DictOf:
    """A dictionary, its keys and its values each of one kind."""

    key: Kind
    value: Kind

    @property
    def words(self) -> str:
        """Keys and values, in words."""
        return f"a dictionary from {self.key.words} to {self.value.words}"

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is such a dictionary."""
        return isinstance(value, dict) and all(
            self.key.fits(key, sizes) and self.value.fits(item, sizes)
            for key, item in value.items()
        )


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


@dataclass(frozen=True, init=False)
class Nested:
    """An estimator of the allowlist; of the classes ``names``, if any are given."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        """Allow the classes ``names``, or any."""
        object.__setattr__(self, "names", names)

    @property
    def words(self) -> str:
        """The classes, in words."""
        return " or ".join(f"a {name}" for name in self.names) or "an estimator"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is such an estimator; its own state is looked at by itself."""
        kind = type(value)
        return kind.__module__.startswith("sklearn.") and (
            not self.names or kind.__name__ in self.names
        )


@dataclass(frozen=True, init=False)
class OneOf:
    """A value of any of several kinds."""

    kinds: tuple[Kind, ...]

    def __init__(self, *kinds: Kind) -> None:
        """Allow ``kinds``."""
        object.__setattr__(self, "kinds", kinds)

    @property
    def words(self) -> str:
        """The kinds, in words."""
        return " or ".join(kind.words for kind in self.kinds)

    def fits(self, value: object, sizes: Sizes) -> bool:
        """Tell whether the value is of one of them."""
        for kind in self.kinds:
            tried = dict(sizes)
            if kind.fits(value, tried):
                sizes.update(tried)
                return True
        return False


def _is_integer(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _kind_of(dtype: Any) -> str | None:  # noqa: ANN401 (what numpy takes for a dtype)
    try:
        return str(np.dtype(dtype).kind)
    except TypeError:
        return None


def _has_shape(array: np.ndarray, shape: tuple[str | int, ...], sizes: Sizes) -> bool:
    return array.ndim == len(shape) and all(
        _settles(length, dimension, sizes)
        for length, dimension in zip(array.shape, shape, strict=True)
    )


def _settles(length: int, dimension: str | int, sizes: Sizes) -> bool:
    """Tell whether a dimension is so long; a dimension called "any" may differ each time."""
    if isinstance(dimension, int):
        return length == dimension
    return dimension == "any" or sizes.setdefault(dimension, length) == length

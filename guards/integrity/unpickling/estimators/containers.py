"""Kinds of attributes that hold other values."""

from __future__ import annotations

from collections import UserList
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.integrity.unpickling.estimators.showing import MAX_SHOWN, shown
from guards.text import printable

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.kinds import Kind, Sizes

__all__ = [
    "Array",
    "DictOf",
    "ListOf",
    "Nested",
    "Objects",
    "TextSet",
    "TupleOf",
]


class Array:
    """A numpy array of numbers, truth values or texts.

    ``kinds`` are numpy's letters. ``shape`` holds the names of dimensions, or their lengths. Values
    lie from ``low`` to ``high``, NaN aside. Numbers that are ``sorted`` never fall along the first
    axis; those that are ``ascending`` rise with each step.
    """

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
        self.kinds, self.shape = kinds, shape
        self.low, self.high = low, high
        self.sorted, self.ascending = sorted, ascending

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


class Objects:
    """A numpy array of objects, each of one kind."""

    def __init__(self, item: Kind, *shape: str | int) -> None:
        """Describe the array."""
        self.item, self.shape = item, shape

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


class TupleOf:
    """A tuple or list of fixed length, each item of its own kind."""

    def __init__(self, *items: Kind) -> None:
        """Describe the items, in order."""
        self.items = items

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

    def shown(self, value: object) -> str | None:
        """Return the first key whose value is of another kind; None for what is no dictionary."""
        for key, item in value.items() if isinstance(value, dict) else ():
            if not (self.key.fits(key, {}) and self.value.fits(item, {})):
                return f"a dict whose {_name(key)} is {shown(item)}"
        return None


class Nested:
    """An estimator of the allowlist; of the classes ``names``, if any are given."""

    def __init__(self, *names: str) -> None:
        """Allow the classes ``names``, or any."""
        self.names = names

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


def _name(key: object) -> str:
    return f"'{printable(key, MAX_SHOWN)}'" if isinstance(key, str) else f"key, {shown(key)},"


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

"""The words in which the attributes of fitted estimators are described.

A kind says what fitting leaves in an attribute: :meth:`Kind.fits` tells whether a value is of it,
and ``words`` say it to a reader. Dimensions have names: the first attribute that has a dimension
settles how long it is, and the others must agree.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from guards.integrity.unpickling.numpy_state import Inert as Placeholder

__all__ = [
    "OUR_CLASSES",
    "Explaining",
    "Inert",
    "Kind",
    "Nothing",
    "OneOf",
    "Sizes",
    "Trusted",
    "is_trusted",
    "optional",
]

Sizes = dict[str, int]
"""The lengths of named dimensions, as far as they are known."""

_OURS = (
    NoneType, bool, int, float, str, bytes, list, tuple, dict, set, frozenset, slice,
    np.ndarray, np.random.RandomState,
)  # fmt: skip
"""The exact types of what is rebuilt without the help of a trusted class."""

OUR_CLASSES = {
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


@runtime_checkable
class Explaining(Protocol):
    """A kind that says what it observed in a value that is not of it."""

    def shown(self, value: object) -> str | None:
        """Return the value, and what is wrong with it; None if only its form is."""


def is_trusted(value: object) -> bool:
    """Tell whether a value can only have come from a trusted class or function."""
    kind = type(value)
    if kind in _OURS or isinstance(value, np.generic | np.dtype):
        return False
    if kind is type:
        return value not in OUR_CLASSES
    return not kind.__module__.startswith(("sklearn.", "guards."))


def optional(kind: Kind) -> OneOf:
    """Return the kind of what is None or of another kind."""
    return OneOf(Nothing(), kind)


class Nothing:
    """None."""

    words = "None"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value is None."""
        return value is None


class Trusted:
    """What a trusted class or function made, or is: nothing else is known about it."""

    words = "what a trusted class made"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value can only have come from a trusted class or function."""
        return is_trusted(value)


class Inert:
    """What stands for an object that transforming does not need."""

    words = "a cache"

    def fits(self, value: object, _sizes: Sizes) -> bool:
        """Tell whether the value stands for such an object."""
        return isinstance(value, Placeholder)


class OneOf:
    """A value of any of several kinds."""

    def __init__(self, *kinds: Kind) -> None:
        """Allow ``kinds``."""
        self.kinds = kinds

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

    def shown(self, value: object) -> str | None:
        """Return what one of the kinds says is wrong with a value; None if none says anything."""
        said = (kind.shown(value) for kind in self.kinds if isinstance(kind, Explaining))
        return next(filter(None, said), None)

"""What is sealed works, and cannot be changed, copied or pickled by any ordinary means."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Callable


class Sealed(Immutable):
    """Holds one value."""

    __slots__ = ("value",)

    value: int

    def __init__(self, value: int) -> None:
        object.__setattr__(self, "value", value)


def test_it_can_be_used() -> None:
    """What a class sets itself up with can be read."""
    assert Sealed(3).value == 3


@pytest.mark.parametrize("name", ["value", "another"])
def test_assigning_and_deleting_raise(name: str) -> None:
    """An attribute can neither be set nor removed, and the message names it."""
    sealed = Sealed(3)

    with pytest.raises(AttributeError, match=f"Sealed cannot be changed: '{name}' is as it was"):
        setattr(sealed, name, 4)
    with pytest.raises(AttributeError, match=f"Sealed cannot be changed: '{name}' is as it was"):
        delattr(sealed, name)

    assert sealed.value == 3


def test_changing_in_place_raises() -> None:
    """Adding to a value is an assignment."""
    sealed = Sealed(3)

    with pytest.raises(AttributeError, match="cannot be changed"):
        sealed.value += 1

    assert sealed.value == 3


def test_what_is_not_there_is_said() -> None:
    """Whoever looks for more learns that there is no more."""
    assert not hasattr(Sealed(3), "fit")
    with pytest.raises(AttributeError, match="Sealed can only be used: there is no 'fit'"):
        Sealed(3).fit  # noqa: B018 (looking is what raises)


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, pickle.dumps])
def test_there_are_no_copies(make: Callable[[object], object]) -> None:
    """A copy would be one that nobody looks at again."""
    with pytest.raises(TypeError, match="Sealed cannot be copied or pickled: open the bundle"):
        make(Sealed(3))

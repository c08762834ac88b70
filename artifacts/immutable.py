"""What is sealed and shared: it does its work, and refuses to be changed, copied or pickled."""

from __future__ import annotations

from typing import Never

__all__ = ["Immutable"]


class Immutable:
    """Refuses every assignment, deletion and copy; a class sets itself up with ``object``'s own.

    Python has no wall that cannot be climbed: what gets around this one is noticed by its
    fingerprint. Hence no copies either, since nobody would look at theirs again.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Never:
        message = f"{type(self).__name__} can only be used: there is no {name!r}"
        raise AttributeError(message)

    def __setattr__(self, name: str, value: object) -> Never:
        message = f"{type(self).__name__} cannot be changed: {name!r} is as it was sealed"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> Never:
        message = f"{type(self).__name__} cannot be changed: {name!r} is as it was sealed"
        raise AttributeError(message)

    def __reduce__(self) -> Never:
        message = f"{type(self).__name__} cannot be copied or pickled: open the bundle again"
        raise TypeError(message)

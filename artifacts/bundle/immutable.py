"""A base class for what is sealed: it can be used, but not changed, copied or pickled."""

from __future__ import annotations

from typing import Never

__all__ = ["Immutable"]


class Immutable:
    """Refuses every assignment, deletion and copy; subclasses set themselves up with ``object``'s.

    This protects against accidents only: ``object.__setattr__`` bypasses it, and the periodic
    re-check detects that. There are no copies, because the re-check would not look at them.
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

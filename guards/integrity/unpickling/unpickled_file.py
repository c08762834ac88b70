"""A file that is unpickled: what was found in it, and how much memory it has taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Never

import numpy as np

from guards.errors import Finding, PartError

if TYPE_CHECKING:
    import io

__all__ = ["UnpickledFile", "refused"]

_RANDOM_STATE_BYTES = 50_000
"""More than it takes, since seeding one takes as long as filling so much memory."""

_MAX_RATIO = 32
_FREE_BYTES = 16 * 1024**2
"""Reading may take so many bytes of memory, and so many more for each byte of the file."""

_MAX_LISTED = 1_000_000
"""A few bytes may stand for a long list of columns: this many items are made of a file."""


@dataclass(slots=True)
class UnpickledFile:
    """A file that one unpickler or several nested ones read, and what they found in it."""

    stream: io.BytesIO
    size: int
    part: str
    trusted: frozenset[str]
    confirmed: dict[str, object] = field(default_factory=dict)
    kinds: set[type] = field(default_factory=set)
    estimators: list[object] = field(default_factory=list)
    containers: dict[int, list[object]] = field(default_factory=dict)
    listed: int = 0
    taken_bytes: int = 0
    versions: set[str] = field(default_factory=set)
    forbidden: dict[str, None] = field(default_factory=dict)
    """The globals that it may not load, in the order in which it names them."""

    def refuse(self, what: str, remedy: str = "") -> Never:
        """Raise ``PartError``: the file does ``what``; by default the catalogue says the remedy."""
        raise PartError(refused(self.part, what, remedy))

    def empty(self, kind: type) -> object:
        """Return an estimator without a state, to be filled and then looked at."""
        estimator: object = object.__new__(kind)
        self.kinds.add(kind)
        self.estimators.append(estimator)
        return estimator

    def container(self, *_arguments: object) -> list[object]:
        """Return the list that stands for one of pandas' containers."""
        container: list[object] = []
        self.containers[id(container)] = container
        return container

    def take(self, size_bytes: int) -> None:
        """Count memory before it is filled further."""
        self.taken_bytes += size_bytes
        if self.taken_bytes > _MAX_RATIO * self.size + _FREE_BYTES:
            self.refuse("takes more memory than a fitted preprocessing of its size")

    def count(self, made: object) -> None:
        """Count what a few bytes of the file may have made much of."""
        if isinstance(made, np.ndarray):
            self.take(made.nbytes)
        elif isinstance(made, np.random.RandomState):
            self.take(_RANDOM_STATE_BYTES)
        elif isinstance(made, list):
            self.listed += len(made)
            if self.listed > _MAX_LISTED:
                self.refuse(f"lists more than {_MAX_LISTED} columns")
            self.take(sum(len(item) for item in made if isinstance(item, str)))


def refused(part: str, what: str, remedy: str = "") -> Finding:
    """Return the finding that the file at ``part`` does ``what``."""
    return Finding(
        code="unpickling_refused",
        subject=part,
        expected="only the estimators and arrays that a sealed preprocessing needs",
        observed=f"the file {what}",
        remedy=remedy,
    )

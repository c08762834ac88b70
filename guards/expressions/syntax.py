"""What a regular expression is parsed to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Alternatives",
    "Atomic",
    "Boundary",
    "Characters",
    "Dialect",
    "Look",
    "Node",
    "Repeat",
    "Sequence",
    "is_loop",
    "nullable",
    "parts_of",
    "walk",
]

Dialect: TypeAlias = Literal["Python", "Oniguruma"]

_LONG = 8
"""A repetition with a higher maximum is taken as one without."""


@dataclass(frozen=True, slots=True)
class Characters:
    """One character of a set."""

    chars: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One item after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """One of several items, the first that matches."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """An item from ``low`` to ``high`` times; None is no maximum."""

    item: Node
    low: int
    high: int | None
    lazy: bool = False


@dataclass(frozen=True, slots=True)
class Atomic:
    """An item that gives nothing back once it has matched; a possessive repetition is one."""

    item: Node


@dataclass(frozen=True, slots=True)
class Look:
    """An item that matches or, if ``negative``, does not match after or before a position."""

    item: Node
    ahead: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class Boundary:
    """An end of a word, no such end, or an end of the text or of a line.

    Words are of ``words``, one set in one dialect and another in the other.
    """

    kind: Literal["word", "not word", "start", "end", "line start", "line end"]
    words: frozenset[str] = frozenset()


Node: TypeAlias = Characters | Sequence | Alternatives | Repeat | Atomic | Look | Boundary


def parts_of(node: Node) -> tuple[Node, ...]:
    """Return the nodes that a node is made of."""
    if isinstance(node, Sequence | Alternatives):
        return node.items
    return (node.item,) if isinstance(node, Repeat | Atomic | Look) else ()


def is_loop(node: Node) -> bool:
    """Return whether a node repeats without a maximum, or with one that is high."""
    return isinstance(node, Repeat) and (node.high is None or node.high > _LONG)


def nullable(node: Node, *, where_it_holds: bool = False) -> bool:
    """Return whether a node matches the empty text everywhere, or somewhere at all.

    A boundary and a look around match it ``where_it_holds``.
    """
    if isinstance(node, Repeat):
        return node.low == 0 or nullable(node.item, where_it_holds=where_it_holds)
    parts = (nullable(part, where_it_holds=where_it_holds) for part in parts_of(node))
    if isinstance(node, Alternatives):
        return any(parts)
    if isinstance(node, Sequence | Atomic):
        return all(parts)
    return where_it_holds and not isinstance(node, Characters)


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all that it is made of."""
    yield node
    for part in parts_of(node):
        yield from walk(part)

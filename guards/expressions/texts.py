"""Texts on which a slow expression is slow: its repetitions, repeated, and an end that fails."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, NamedTuple

from guards.expressions.syntax import (
    Alternatives,
    Characters,
    Look,
    Node,
    Repeat,
    Sequence,
    is_loop,
    parts_of,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Sequence as Items

__all__ = ["Pumped", "dense_texts", "pumped_texts"]

_MAX_WORDS = 12


class Pumped(NamedTuple):
    """A text that grows: what is before it, what is repeated, and what is after it."""

    before: str
    repeated: str
    after: str

    def of(self, length: int) -> str:
        """Return the text with a middle of about so many characters."""
        return self.before + self.repeated * (length // max(1, len(self.repeated))) + self.after


def pumped_texts(node: Node) -> Iterator[Pumped]:
    """Yield texts for each repetition of no fixed number, each once.

    One without a maximum is tried with whatever may come before and after it. The others take time
    only where there are many of them, one after the other.
    """
    repeats = [(before, one) for before, one in _led_to(node, "") if one.low != one.high]
    loops = [(before, one) for before, one in repeats if is_loop(one)]
    looks = [one for one in walk(node) if isinstance(one, Look)]
    told_apart: list[Node] = [*(loop for _, loop in loops), *looks]
    kinds = _kinds(part for one in told_apart for part in walk(one))
    texts = [
        Pumped(before, word, after)
        for start, loop in loops
        for word in _words(loop.item, kinds)
        for before in (start, "")
        for after in ("", *_kinds(walk(node)))
    ]
    words = [word for _, one in repeats for word in _words(one.item, _kinds(walk(node)))]
    words += [first + second for _, loop in loops for first, second in _pairs(loop.item, kinds)]
    yield from dict.fromkeys([*texts, *(Pumped("", word, "") for word in words)])


def dense_texts(node: Node) -> Iterator[Pumped]:
    """Yield texts of one character, and of what is chosen or repeated, each once.

    They show what tries many ways at each character without a repetition of its own.
    """
    kinds = _kinds(walk(node))
    choices = [one for one in walk(node) if isinstance(one, Alternatives | Repeat)]
    words = [*kinds, *(word for one in choices for word in _words(one, kinds))]
    yield from (Pumped("", word, "") for word in dict.fromkeys(words))


def _pairs(node: Node, kinds: Items[str]) -> Iterator[tuple[str, str]]:
    """Yield two different characters of a repeated set."""
    if isinstance(node, Characters):
        yield from permutations(_words(node, kinds), 2)


def _led_to(node: Node, before: str) -> Iterator[tuple[str, Repeat]]:
    if isinstance(node, Repeat):
        yield before, node
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _led_to(item, before)
            before = _followed(before, item)
        return
    for part in parts_of(node):
        yield from _led_to(part, before)


def _followed(before: str, item: Node) -> str:
    """Return a text that leads to what is after an item; one that is looked for stands there."""
    if isinstance(item, Look) and not item.ahead and not item.negative:
        behind = _shortest(item.item)
        return before if before.endswith(behind) else behind
    return before + _shortest(item)


def _shortest(node: Node) -> str:
    """Return a short text that a node matches, or "" for one that matches between characters."""
    if isinstance(node, Characters):
        return min(node.chars, default="")
    if isinstance(node, Sequence):
        return "".join(map(_shortest, node.items))
    if isinstance(node, Alternatives):
        return _shortest(node.items[0])
    if isinstance(node, Repeat):
        return _shortest(node.item) * min(node.low, 2)
    return "".join(map(_shortest, parts_of(node))) if not isinstance(node, Look) else ""


def _words(node: Node, kinds: Items[str]) -> list[str]:
    """Return short texts that a node matches, at most 12."""
    if isinstance(node, Characters):
        return [kind for kind in kinds if kind in node.chars] or sorted(node.chars)[:1]
    if isinstance(node, Sequence):
        words = [""]
        for item in node.items:
            words = [word + more for word in words for more in _words(item, kinds)][:_MAX_WORDS]
        return words
    if isinstance(node, Alternatives):
        return [word for item in node.items for word in _words(item, kinds)][:_MAX_WORDS]
    if isinstance(node, Repeat):
        return _words(node.item, kinds)
    return [word for part in parts_of(node) for word in _words(part, kinds)] or [""]


def _kinds(nodes: Iterable[Node]) -> list[str]:
    """Return one character of each kind that sets among some nodes, words and lines tell apart."""
    sets = list(dict.fromkeys(node.chars for node in nodes if isinstance(node, Characters)))
    every = frozenset().union(*sets) | {"\x00", "a", " ", "\n"}
    sets += [frozenset(filter(str.isalnum, every)), frozenset("\n")]
    kinds = {tuple(char in chars for chars in sets): char for char in sorted(every, reverse=True)}
    return sorted(kinds.values())

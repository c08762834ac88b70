"""Match an expression by backtracking, as ``re`` and Oniguruma do, and count the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from guards.expressions.syntax import (
    Alternatives,
    Atomic,
    Boundary,
    Characters,
    Look,
    Node,
    Repeat,
    Sequence,
)

__all__ = ["TooManySteps", "steps_to_search"]

_Then: TypeAlias = Callable[[int], bool]

_MAX_WIDTH = 16
"""How far back a text before a position is looked for."""


class TooManySteps(Exception):
    """Searching a text takes more steps than allowed."""


def steps_to_search(node: Node, text: str, max_steps: int) -> int:
    """Return in how many steps all matches in a text are found, one after the other.

    Where an empty text matches, Python looks for another match at the same place. Raises
    ``TooManySteps`` where there are more than ``max_steps``.
    """
    search = _Search(text, max_steps)
    position = 0
    while position <= len(text):
        end = search.match(node, position)
        if end == position:
            end = search.match(node, position, at_least=position + 1)
        position = position + 1 if end is None else end
    return search.steps


class _Search:
    def __init__(self, text: str, max_steps: int) -> None:
        self.text = text
        self.steps = 0
        self.max_steps = max_steps

    def match(self, node: Node, position: int, at_least: int = 0) -> int | None:
        """Return where the first match of a node at a position ends, not before ``at_least``."""
        ends: list[int] = []

        def ended(end: int) -> bool:
            ends.append(end)
            return end >= at_least

        return ends[-1] if self._try(node, position, ended) else None

    def _try(self, node: Node, position: int, then: _Then) -> bool:
        """Return whether ``node`` matches here, and ``then`` after it; tried in order."""
        self._step()
        match node:
            case Sequence():
                return self._sequence(node.items, 0, position, then)
            case Alternatives():
                return any(self._try(item, position, then) for item in node.items)
            case Repeat(item=Characters(chars=chars)):
                return self._run(node, chars, position, then)
            case Repeat():
                return self._repeat(node, 0, position, then)
            case Characters() | Atomic():
                end = self._end_of(node, position)
                return end is not None and then(end)
            case Look() | Boundary():
                return self._holds(node, position) and then(position)

    def _end_of(self, node: Characters | Atomic, position: int) -> int | None:
        if isinstance(node, Atomic):
            return self.match(node.item, position)
        inside = position < len(self.text) and self.text[position] in node.chars
        return position + 1 if inside else None

    def _holds(self, node: Look | Boundary, position: int) -> bool:
        if isinstance(node, Look):
            return self._looks(node, position) != node.negative
        return self._at_boundary(node, position)

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > self.max_steps:
            raise TooManySteps

    def _sequence(self, items: tuple[Node, ...], index: int, position: int, then: _Then) -> bool:
        if index == len(items):
            return then(position)
        return self._try(
            items[index], position, lambda end: self._sequence(items, index + 1, end, then)
        )

    def _run(self, node: Repeat, chars: frozenset[str], position: int, then: _Then) -> bool:
        """Match a repeated set of characters: the longest run first, unless it is lazy."""
        longest = len(self.text) if node.high is None else position + node.high
        end = position
        while end < min(longest, len(self.text)) and self.text[end] in chars:
            end += 1
        self._step(end - position)
        ends = range(position + node.low, end + 1)
        return any(self._stopped(at, then) for at in (ends if node.lazy else reversed(ends)))

    def _stopped(self, position: int, then: _Then) -> bool:
        self._step()
        return then(position)

    def _repeat(self, node: Repeat, count: int, position: int, then: _Then) -> bool:
        def again(end: int) -> bool:
            if end == position and count >= node.low:
                return False
            return self._repeat(node, count + 1, end, then)

        may_go_on = node.high is None or count < node.high
        if node.lazy and count >= node.low and then(position):
            return True
        if may_go_on and self._try(node.item, position, again):
            return True
        return not node.lazy and count >= node.low and then(position)

    def _looks(self, node: Look, position: int) -> bool:
        if node.ahead:
            return self.match(node.item, position) is not None
        starts = range(position, max(-1, position - _MAX_WIDTH), -1)
        return any(self._try(node.item, start, position.__eq__) for start in starts)

    def _at_boundary(self, node: Boundary, position: int) -> bool:
        before, after = self.text[:position][-1:], self.text[position : position + 1]
        match node.kind:
            case "start" | "line start":
                return not before or (before == "\n" and node.kind == "line start")
            case "end" | "line end":
                return not after or (after == "\n" and node.kind == "line end")
            case "word" | "not word":
                return ((before in node.words) != (after in node.words)) == (node.kind == "word")

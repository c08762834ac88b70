"""Find repetitions that can match one text in several ways.

Where what follows such a repetition fails, backtracking tries all of the ways, and their number
doubles with a text that grows by a constant. A repetition is one if its automaton has two different
paths from one state to itself that read the same text (Weber and Seidl 1991, "On the degree of
ambiguity of finite automata", the criterion EDA).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guards.expressions.syntax import (
    Alternatives,
    Atomic,
    Characters,
    Look,
    Node,
    Repeat,
    Sequence,
    is_loop,
    nullable,
    parts_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ambiguous_loop"]

_MAX_POSITIONS = 120

_TOO_MANY = "repeats a choice of too many things to be judged"
_AMBIGUOUS = "can match one text in many ways inside a repetition, and tries all of them"


class _Part(NamedTuple):
    """The positions at which a part may begin and end, and whether it may be empty."""

    first: frozenset[int]
    last: frozenset[int]
    empty: bool


def ambiguous_loop(node: Node, *, can_fail: bool = False) -> str | None:
    """Return in words why a repetition inside ``node`` is ambiguous and costly; None if none is.

    ``can_fail`` says whether what follows ``node`` may fail to match, so that the other ways are
    tried.
    """
    if is_loop(node) and can_fail:
        reason = _why_ambiguous(node)
        if reason is not None:
            return reason
    parts = _parts(node, can_fail=can_fail)
    reasons = (ambiguous_loop(part, can_fail=fails) for part, fails in parts)
    return next(filter(None, reasons), None)


def _parts(node: Node, *, can_fail: bool) -> Iterator[tuple[Node, bool]]:
    """Yield what a node is made of, and whether what follows each part may fail."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield item, can_fail or not all(map(nullable, node.items[index + 1 :]))
        return
    for part in parts_of(node):
        yield part, can_fail and not isinstance(node, Atomic | Look)


def _why_ambiguous(node: Node) -> str | None:
    automaton = _Automaton()
    automaton.part(node)
    if len(automaton.chars) > _MAX_POSITIONS:
        return _TOO_MANY
    return _AMBIGUOUS if automaton.is_ambiguous() else None


class _Automaton:
    """Positions of characters in an expression, and which of them may follow each other."""

    def __init__(self) -> None:
        self.chars: list[frozenset[str]] = []
        self.arrows: set[tuple[int, int]] = set()
        self.doubled = False

    def part(self, node: Node) -> _Part:
        """Add a node's positions and arrows."""
        if isinstance(node, Characters):
            self.chars.append(node.chars)
            here = frozenset({len(self.chars) - 1})
            return _Part(here, here, empty=False)
        if isinstance(node, Sequence):
            return self._joined(map(self.part, node.items))
        if isinstance(node, Alternatives):
            return self._either([self.part(item) for item in node.items])
        if isinstance(node, Repeat):
            return self._repeated(node)
        if isinstance(node, Atomic):
            return self.part(node.item)
        return _Part(frozenset(), frozenset(), empty=True)

    def _joined(self, parts: Iterator[_Part]) -> _Part:
        whole = _Part(frozenset(), frozenset(), empty=True)
        for part in parts:
            self._connect(whole.last, part.first)
            whole = _Part(
                whole.first | part.first if whole.empty else whole.first,
                whole.last | part.last if part.empty else part.last,
                whole.empty and part.empty,
            )
        return whole

    def _either(self, parts: list[_Part]) -> _Part:
        return _Part(
            frozenset().union(*(part.first for part in parts)),
            frozenset().union(*(part.last for part in parts)),
            any(part.empty for part in parts),
        )

    def _repeated(self, node: Repeat) -> _Part:
        if is_loop(node):
            part = self.part(node.item)
            self._connect(part.last, part.first)
            return part._replace(empty=part.empty or node.low == 0)
        count = max(node.low, node.high or 0)
        copies = [self.part(node.item) for _ in range(count)]
        optional = (
            part._replace(empty=part.empty or index >= node.low)
            for index, part in enumerate(copies)
        )
        return self._joined(optional)

    def _connect(self, before: frozenset[int], after: frozenset[int]) -> None:
        """Add arrows; one that is there already is a second way to read the same."""
        new = {(start, end) for start in before for end in after}
        self.doubled = self.doubled or bool(new & self.arrows)
        self.arrows |= new

    def is_ambiguous(self) -> bool:
        """Return whether two paths from a position to itself read one text."""
        return self.doubled or self._has_two_paths()

    def _has_two_paths(self) -> bool:
        after: dict[int, list[int]] = {index: [] for index in range(len(self.chars))}
        for start, end in self.arrows:
            after[start].append(end)
        pairs = {
            (a, b): [(c, d) for c in after[a] for d in after[b] if self.chars[c] & self.chars[d]]
            for a in after
            for b in after
        }
        back: dict[tuple[int, int], list[tuple[int, int]]] = {pair: [] for pair in pairs}
        for pair, following in pairs.items():
            for one in following:
                back[one].append(pair)
        for index in after:
            there = _reached(pairs, (index, index))
            if any(a != b for a, b in there & _reached(back, (index, index))):
                return True
        return False


def _reached(
    arrows: dict[tuple[int, int], list[tuple[int, int]]], start: tuple[int, int]
) -> set[tuple[int, int]]:
    found, waiting = {start}, [start]
    while waiting:
        new = [pair for pair in arrows[waiting.pop()] if pair not in found]
        found.update(new)
        waiting += new
    return found

r"""Parse an expression of Python's dialect or of Oniguruma's.

What both have is read, and what Oniguruma adds: ``\p{L}``, ``[[:alpha:]]``, intersections of sets.
Where one text means another thing in each (``^``, ``(?m)``, ``\w``, ``[[a]``, ``a{2}?``), it is
read as the dialect has it. References to groups are refused: with them, matching cannot be bounded.
"""

from __future__ import annotations

import re
import sys
from typing import Final, Literal

from guards.expressions.characters import folded, has_property, sample_for, shorthand
from guards.expressions.syntax import (
    Alternatives,
    Atomic,
    Boundary,
    Characters,
    Dialect,
    Look,
    Node,
    Repeat,
    Sequence,
    parts_of,
)

__all__ = ["NotParsed", "parse"]

_MAX_LENGTH = 4_000
_MAX_DEPTH = 30
_MAX_REPEATS = 1_000

_BOUNDARIES: dict[str, Literal["word", "not word", "start", "end"]] = {
    "b": "word", "B": "not word", "A": "start", "Z": "end", "z": "end",
}  # fmt: skip
_CONTROLS = {
    "t": "\t",
    "n": "\n",
    "r": "\r",
    "f": "\f",
    "v": "\v",
    "a": "\a",
    "e": "\x1b",
}
_SPACES_OF_PYTHON = frozenset(" \t\n\r\f\v")
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")
_FLAGS = re.compile(r"\(\?([aimsux]*)(?:-([imsx]+))?([:)])")
_NAMED = re.compile(r"\(\?P?<[^\W\d]\w*>")
_PROPERTY = re.compile(r"\\([pP])\{(\^?)([^}]*)\}")
_BRACKETED = re.compile(r"\[:(\^?)(\w+):\]")
_CODE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))"
)
_OCTAL = re.compile(r"\\(0[0-7]{0,2})")
_LOOKS = {"(?=": (True, False), "(?!": (True, True), "(?<=": (False, False), "(?<!": (False, True)}

_UNBALANCED = "an unbalanced bracket"
_ENDED = "an end"
_NOTHING_TO_REPEAT = "nothing to repeat"
_UNUSUAL_GROUP = "a group of an unusual kind"
_UNKNOWN_PROPERTY = "a property of characters"
_NO_CHARACTER = "no character"
_UNUSUAL_ESCAPE = "a reference to a group or an unusual escape"
_RANGE_TO_A_SET = "a range that ends in a set"


class NotParsed(ValueError):
    """Why an expression cannot be judged, in words."""

    @classmethod
    def at(cls, position: int, what: str) -> NotParsed:
        """Say what stands at a character of the expression."""
        return cls(f"it has {what} at character {position}, which is not judged here")


def parse(pattern: str, dialect: Dialect) -> Node:
    """Return what an expression is made of.

    Raises ``NotParsed`` for an expression that is malformed, refers to its groups, is too long or
    too deep, or repeats something too often.
    """
    if len(pattern) > _MAX_LENGTH:
        message = f"it has more than {_MAX_LENGTH} characters"
        raise NotParsed(message)
    return _Parser(pattern, dialect).whole()


class _Parser:
    """Reads an expression from left to right; ``position`` is that of the next character."""

    def __init__(self, pattern: str, dialect: Dialect) -> None:
        self.pattern = pattern
        self.dialect: Final = dialect
        self.position = 0
        self.depth = 0
        self.sample = sample_for(pattern)
        self.spaces = _SPACES_OF_PYTHON
        if dialect == "Oniguruma":
            self.spaces = shorthand("s", self.sample, dialect) or frozenset()
        self.flags: frozenset[str] = frozenset()

    def whole(self) -> Node:
        node = self._alternatives()
        if self.position < len(self.pattern):
            raise NotParsed.at(self.position, _UNBALANCED)
        return node

    def _at(self, text: str) -> bool:
        return self.pattern.startswith(text, self.position)

    def _take(self, text: str) -> bool:
        if not self._at(text):
            return False
        self.position += len(text)
        return True

    def _next(self) -> str:
        if self.position >= len(self.pattern):
            raise NotParsed.at(self.position, _ENDED)
        self.position += 1
        return self.pattern[self.position - 1]

    def _matched(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        match = expression.match(self.pattern, self.position)
        if match is not None:
            self.position = match.end()
        return match

    def _alternatives(self) -> Node:
        flags, self.depth = self.flags, self.depth + 1
        if self.depth > _MAX_DEPTH:
            message = f"its groups are more than {_MAX_DEPTH} deep"
            raise NotParsed(message)
        items = [self._sequence()]
        while self._take("|"):
            items.append(self._sequence())
        self.flags, self.depth = flags, self.depth - 1
        return items[0] if len(items) == 1 else Alternatives(tuple(items))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self.position < len(self.pattern) and not self._at("|") and not self._at(")"):
            if "x" in self.flags and self._skipped():
                continue
            item = self._item()
            if item is not None:
                items.append(self._repeated(item))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _skipped(self) -> bool:
        """Skip a space or a comment of a verbose expression."""
        if self.pattern[self.position] == "#":
            end = self.pattern.find("\n", self.position)
            self.position = len(self.pattern) if end < 0 else end
            return True
        if self.pattern[self.position] in self.spaces:
            self.position += 1
            return True
        return False

    def _repeated(self, item: Node) -> Node:
        while (bounds := self._bounds()) is not None:
            low, high, counted = bounds
            lazy = self._take("?")
            # After a counted repetition, Oniguruma takes the sign as a repetition of it.
            repeated = counted and self.dialect == "Oniguruma"
            possessive = not repeated and not lazy and self._take("+")
            item = Repeat(item, low, high, lazy)
            if possessive:
                item = Atomic(item)
            if lazy and repeated and low == high:
                item = Repeat(item, 0, 1)
            if _copies(item) > _MAX_REPEATS:
                message = f"it repeats something more than {_MAX_REPEATS} times"
                raise NotParsed(message)
        return item

    def _bounds(self) -> tuple[int, int | None, bool] | None:
        """Return the bounds of a repetition, and whether they are numbers; None without one."""
        for sign, low, high in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self._take(sign):
                return low, high, False
        start, match = self.position, self._matched(_COUNTED)
        if match is None or not (match[1] or match[3]):
            self.position = start
            return None
        low = int(match[1] or 0)
        high = int(match[3]) if match[3] else None
        return low, high if match[2] else low, True

    def _item(self) -> Node | None:
        if self._at("("):
            return self._group()
        if self._at("["):
            negated = self._at("[^")
            chars = self._set()
            return Characters(chars) if negated else self._unfolded(chars)
        if self.pattern[self.position] in "^$":
            return self._end_of_line("start" if self._next() == "^" else "end")
        if self._take("."):
            all_of_them = ("s" if self.dialect == "Python" else "m") in self.flags
            return Characters(self.sample if all_of_them else self.sample - {"\n"})
        if self._at("\\"):
            return self._escape()
        if self.pattern[self.position] in "*+?":
            raise NotParsed.at(self.position, _NOTHING_TO_REPEAT)
        return self._unfolded(self._cased(frozenset(self._next())))

    def _end_of_line(self, end: Literal["start", "end"]) -> Boundary:
        """Return the end of the text; of each line with Python's ``m``, and ever in Oniguruma."""
        if self.dialect == "Python" and "m" not in self.flags:
            return Boundary(end)
        return Boundary("line start" if end == "start" else "line end")

    def _unfolded(self, chars: frozenset[str]) -> Node:
        """Return a set; Oniguruma ignores case by reading a sharp s, and some others, as two."""
        if self.dialect == "Python" or "i" not in self.flags:
            return Characters(chars)
        folds = sorted({c.casefold() for c in chars} - chars)
        words = [Sequence(tuple(self._one(c) for c in fold)) for fold in folds if len(fold) > 1]
        return Alternatives((Characters(chars), *words)) if words else Characters(chars)

    def _one(self, character: str) -> Characters:
        return Characters(self._cased(frozenset(character)))

    def _cased(self, chars: frozenset[str]) -> frozenset[str]:
        return folded(chars, self.sample) if "i" in self.flags else chars

    def _group(self) -> Node | None:
        if self._take("(?#"):
            self.position = self.pattern.find(")", self.position) + 1 or len(self.pattern)
            return None
        flags = self._matched(_FLAGS)
        if flags is not None:
            return self._flagged(flags)
        for opening, (ahead, negative) in _LOOKS.items():
            if self._take(opening):
                return Look(self._inside(), ahead, negative)
        if self._take("(?>"):
            return Atomic(self._inside())
        if self._matched(_NAMED) is None:
            if self._at("(?"):
                raise NotParsed.at(self.position, _UNUSUAL_GROUP)
            self._take("(")
        return self._inside()

    def _inside(self) -> Node:
        node = self._alternatives()
        if not self._take(")"):
            raise NotParsed.at(self.position, _UNBALANCED)
        return node

    def _flagged(self, match: re.Match[str]) -> Node | None:
        before = self.flags
        unset = (match[2] or "") + ("a" if "u" in match[1] else "")
        self.flags = (self.flags | frozenset(match[1])) - frozenset(unset)
        if match[3] == ")":  # It holds to the end of the group: a(?i)b|c is a(?i:b|c).
            return self._alternatives()
        node = self._inside()
        self.flags = before
        return node

    def _escape(self) -> Node:
        chars = self._escaped_set()
        if chars is not None:
            return Characters(self._cased(chars))
        letter = self.pattern[self.position + 1 : self.position + 2]
        if letter in _BOUNDARIES and letter:
            self.position += 2
            return Boundary(_BOUNDARIES[letter], self._shorthand("w") or frozenset())
        return self._unfolded(self._cased(frozenset(self._character())))

    def _shorthand(self, letter: str) -> frozenset[str] | None:
        return shorthand(letter, self.sample, self.dialect, of_ascii="a" in self.flags)

    def _escaped_set(self) -> frozenset[str] | None:
        """Read an escape that stands for a set; None where none stands here."""
        match = self._matched(_PROPERTY)
        if match is not None:
            return self._complement(
                has_property(match[3], self.sample), (match[1] == "P") != bool(match[2])
            )
        letter = self.pattern[self.position + 1 : self.position + 2]
        chars = self._shorthand(letter) if letter and self._at("\\") else None
        if chars is not None:
            self.position += 2
        return chars

    def _complement(self, chars: frozenset[str] | None, negated: object) -> frozenset[str]:
        if chars is None:
            raise NotParsed.at(self.position, _UNKNOWN_PROPERTY)
        return self.sample - chars if negated else chars

    def _character(self) -> str:
        """Read one character, escaped or not."""
        octal = self._matched(_OCTAL)
        if octal is not None:
            return chr(int(octal[1], 8))
        code = self._matched(_CODE)
        if code is not None:
            if code[4] and self.dialect == "Oniguruma":
                raise NotParsed.at(self.position, _UNUSUAL_ESCAPE)
            number = int(next(filter(None, code.groups())), 16)
            if number > sys.maxunicode:
                raise NotParsed.at(self.position, _NO_CHARACTER)
            return chr(number)
        character = self._next()
        if character != "\\":
            return character
        escaped = self._next()
        if escaped in _CONTROLS:
            return _CONTROLS[escaped]
        if escaped.isalnum():
            raise NotParsed.at(self.position, _UNUSUAL_ESCAPE)
        return escaped

    def _set(self) -> frozenset[str]:
        """Read a set in brackets."""
        self._take("[")
        negated = self._take("^")
        whole, chars = None, self._first_bracket()
        while not self._take("]"):
            if self._take("&&"):
                whole, chars = chars if whole is None else whole & chars, frozenset()
            elif self.dialect == "Oniguruma" and self._at("["):
                chars |= self._bracketed() or self._set()
            else:
                chars |= self._cased(self._member())
        chars = chars if whole is None else whole & chars
        return self.sample - chars if negated else chars

    def _first_bracket(self) -> frozenset[str]:
        """Read a closing bracket that stands first, and so for itself."""
        return frozenset("]") if self._take("]") else frozenset()

    def _bracketed(self) -> frozenset[str] | None:
        match = self._matched(_BRACKETED)
        if match is None:
            return None
        chars = has_property(match[2], self.sample)
        if match[2] == "punct" and chars is not None:
            chars |= has_property("S", self.sample) or frozenset()
        return self._complement(chars, match[1])

    def _member(self) -> frozenset[str]:
        escaped = self._escaped_set()
        if escaped is not None:
            return escaped
        first = self._character()
        if not self._at("-") or self._at("-]"):
            return frozenset(first)
        self._take("-")
        if self.dialect == "Oniguruma" and self._at("["):
            raise NotParsed.at(self.position, _RANGE_TO_A_SET)
        last = self._character()
        return frozenset(c for c in self.sample if first <= c <= last)


def _copies(node: Node) -> int:
    """Return of how many items a node is, with each repetition counted out."""
    if isinstance(node, Repeat):
        return max(node.low, node.high or 1, 1) * _copies(node.item)
    return max(1, sum(map(_copies, parts_of(node))))

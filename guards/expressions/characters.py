"""Sets of characters, over a sample of all characters.

The sample holds some of every kind that an expression can ask for, and whatever the expression
itself names: two characters of no difference to an expression need not both be tried.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from string import hexdigits
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.expressions.syntax import Dialect

__all__ = ["folded", "has_property", "sample_for", "shorthand"]

_KINDS = (
    "\x00\t\n\x0b\r \x85\xa0\u2028\u2029\u200b\u3000"
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    "0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "\xe9\xc9\xdf\u01c5\u02b0\u4e2d\u3042\u30a2\uac00\u0416\u0436\u05d0\u0627\u0e01"
    "\u0301\u0903\u20dd\u0663\u2167\xb2\u20ac\xa9\uff0b\u201c\u201d\u2014\u203f\u2026\u3002"
    "\U0001f600\ue000\u0378"
)

_ESCAPED = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_IN_BRACES = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_OCTAL = re.compile(r"\\(0[0-7]{0,2})")

_SCRIPTS = {
    "han": "CJK", "hiragana": "HIRAGANA", "katakana": "KATAKANA", "hangul": "HANGUL",
    "latin": "LATIN", "cyrillic": "CYRILLIC", "greek": "GREEK", "arabic": "ARABIC",
    "hebrew": "HEBREW", "thai": "THAI", "devanagari": "DEVANAGARI",
}  # fmt: skip
_POSIX = {
    "alpha": "alpha", "digit": "Nd", "punct": "P", "space": "s", "upper": "upper",
    "lower": "lower", "alnum": "alnum", "word": "w", "cntrl": "Cc", "any": "", "letter": "L",
    "number": "N", "punctuation": "P", "symbol": "S", "mark": "M", "separator": "Z", "other": "C",
}  # fmt: skip


def sample_for(pattern: str) -> frozenset[str]:
    """Return the characters over which the sets of an expression are compared."""
    codes = ["".join(groups) for groups in _ESCAPED.findall(pattern)]
    codes += _IN_BRACES.findall(pattern)
    named = {chr(code) for text in codes if (code := int(text, 16)) <= sys.maxunicode}
    named |= {chr(int(text, 8)) for text in _OCTAL.findall(pattern)}
    return frozenset(_KINDS) | frozenset(pattern) | named


def shorthand(
    letter: str, sample: Iterable[str], dialect: Dialect, *, of_ascii: bool = False
) -> frozenset[str] | None:
    r"""Return the set of ``\w``, ``\d``, ``\s``, ``\h``, or of one in capitals; None if unknown."""
    tests = {"w": _is_word, "d": str.isdecimal, "s": str.isspace, "h": hexdigits.__contains__}
    if dialect == "Python":
        tests["w"] = _is_word_in_python
    else:
        tests["s"] = _is_space_in_oniguruma
    test = tests.get(letter.lower())
    if test is None:
        return None
    return frozenset(
        c for c in sample if (test(c) and (c.isascii() or not of_ascii)) is letter.islower()
    )


def has_property(name: str, sample: Iterable[str]) -> frozenset[str] | None:
    r"""Return the set of ``\p{name}``; None for a property that is not known here."""
    wanted = name.lower().replace("_", "").replace(" ", "").removeprefix("is")
    if wanted in _SCRIPTS:
        return frozenset(c for c in sample if unicodedata.name(c, "").startswith(_SCRIPTS[wanted]))
    category = _POSIX.get(wanted, name)
    if category in {"s", "w"}:
        return shorthand(category, sample, "Oniguruma")
    if category in _TESTS:
        return frozenset(filter(_TESTS[category], sample))
    if category not in _categories():
        return None
    return frozenset(c for c in sample if unicodedata.category(c).startswith(category))


def folded(chars: frozenset[str], sample: Iterable[str]) -> frozenset[str]:
    """Return a set with the characters of the other case."""
    either = {*chars, *(c.lower() for c in chars), *(c.upper() for c in chars)}
    return frozenset(c for c in sample if c in either or c.lower() in either or c.upper() in either)


@cache
def _categories() -> frozenset[str]:
    found = {unicodedata.category(chr(code)) for code in range(0x3000)} | {"Co", "Cs", "Cn"}
    return frozenset({"", *found, *(category[0] for category in found)})


def _is_word_in_python(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) in {"Mn", "Mc", "Me", "Pc"}


def _is_space_in_oniguruma(character: str) -> bool:
    return character.isspace() and character not in "\x1c\x1d\x1e\x1f"


def _is_alphabetic(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character) in {"Mc", "Nl"}


def _is_alphanumeric(character: str) -> bool:
    return _is_alphabetic(character) or character.isdecimal()


_TESTS = {
    "alpha": _is_alphabetic,
    "alnum": _is_alphanumeric,
    "upper": str.isupper,
    "lower": str.islower,
}

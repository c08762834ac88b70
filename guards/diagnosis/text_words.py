"""The words of a text, where no tokenizer tells them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["distinct_words", "is_mark", "word_spans"]

_WORD = re.compile(r"\w+|\S")


def distinct_words(text: str) -> set[str]:
    """Return the words of a text, case folded; a sign of punctuation is a word of its own.

    >>> sorted(distinct_words("No, no: 42"))
    [',', '42', ':', 'no']
    """
    folded = text.casefold()
    letters = _with_letters(folded)
    if letters is folded:
        return set(_WORD.findall(folded))
    return {folded[start:end] for start, end in _spans(letters)}


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each run of letters and digits of a text, and of each other sign.

    A mark, such as an accent or a vowel sign, belongs to its letter.
    """
    yield from _spans(_with_letters(text))


def is_mark(character: str) -> bool:
    """Return whether a character is written on the one before it, as an accent is."""
    return unicodedata.category(character)[0] == "M"


def _with_letters(text: str) -> str:
    """Return a text with a letter for each mark; the text itself where it has none."""
    marks = {} if text.isascii() else {ord(each): "m" for each in set(text) if is_mark(each)}
    return text.translate(marks) if marks else text


def _spans(letters: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _WORD.finditer(letters))

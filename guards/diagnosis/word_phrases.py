"""What is said of words that came and went, on a terminal as on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.rounding import share_pair
from guards.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.word_changes import WordChanges
    from guards.diagnosis.words import WordShift

__all__ = ["asks_for_words", "unknown_words", "word_rows", "words_in_words"]

_MAX_WORD_CHARS = 60
_OF_TEXTS = frozenset(("longer_texts", "other_texts", "unexplained"))
"""The findings after which the next question is what the texts say."""


def words_in_words(words: WordChanges, documents: tuple[int, int]) -> str:
    """Return how many words came or went, and in which of the documents of both periods."""
    good, bad = (
        f"{read:,} of {total:,} {period}"
        for read, total, period in zip(words.documents, documents, ("good", "bad"), strict=True)
    )
    sample = " (a sample with a fixed seed)" * words.sampled
    number = f"{words.differing:,}" if words.differing else "none"
    return (
        f"words that came or went: {number} of {words.compared:,}, in the texts of {good} and "
        f"{bad} documents{sample}"
    )


def word_rows(words: WordChanges) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Yield what happened to words, and each of them with its share of the documents, good and bad.

    Where no word came, or none went, nothing is yielded of it.
    """
    for what, shifts in (("came", words.came), ("went", words.went)):
        if shifts:
            yield what, [_row(words, shift) for shift in shifts]


def _row(words: WordChanges, shift: WordShift) -> tuple[str, str, str]:
    return printable(shift.word, _MAX_WORD_CHARS), *share_pair(*words.shares(shift))


def asks_for_words(findings: Iterable[DiagnosisFinding]) -> bool:
    """Return whether a finding is of texts, or leaves open what changed."""
    return any(finding.code in _OF_TEXTS for finding in findings)


def unknown_words(texts: tuple[int, int], table: str | None, *, piped: bool) -> str:
    """Return what to do where documents of the good or the bad period, or both, have no text.

    ``texts`` are the numbers of those that have one, in a ``table`` or without it in the log, which
    was ``piped`` or is a file.
    """
    if piped and table is None:
        return (
            "which words came and went is unknown: a pipe is read once, and texts take a second "
            "time; give the log as a file"
        )
    periods = " and ".join(
        name for name, number in zip(("good", "bad"), texts, strict=True) if not number
    )
    told = f"which words came and went is unknown: no text of {periods} documents is in "
    if table is not None:
        return f"{told}{table}; name a table with text that has their request_id by --documents"
    return (
        f"{told}the log; serve with UNDERSTUDY_CAPTURE=all from now on, or name a table with "
        "request_id and text by --documents"
    )

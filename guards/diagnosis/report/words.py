"""The words that came and went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.report.sides import PERIODS
from guards.diagnosis.word_phrases import word_rows, words_in_words
from guards.pages.elements import faint, more, sentence, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.diagnosis.word_changes import WordChanges

__all__ = ["words_of_page"]


def words_of_page(words: WordChanges, documents: tuple[int, int]) -> Iterator[str]:
    """Yield which documents were read, and a table of what came and one of what went."""
    yield faint(f"{sentence(words_in_words(words, documents))}.")
    for what, rows in word_rows(words):
        yield table(f"words that {what}, by the share of documents", ("word", *PERIODS), rows)
    yield more(words.differing - len(words.came) - len(words.went))

"""The words of a text, where no tokenizer tells them."""

from __future__ import annotations

import pytest

from guards.diagnosis.text_words import distinct_words, word_spans


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The total, the TOTAL: 4711", {"the", "total", ",", ":", "4711"}),
        ("snake_case a@b.org", {"snake_case", "a", "@", "b", ".", "org"}),
        ("e\u0301te\u0301 Stra\u00dfe", {"e\u0301te\u0301", "strasse"}),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", {"\u0939\u093f\u0928\u094d\u0926\u0940"}),
        ("<b>\u202ex|y\x1b\ud800", {"<", "b", ">", "\u202e", "x", "|", "y", "\x1b", "\ud800"}),
        (" \n\t", set()),
        ("", set()),
    ],
)
def test_words_end_where_letters_and_digits_do(text: str, words: set[str]) -> None:
    """In lower case, each once; a mark belongs to its letter, and other signs are words."""
    assert distinct_words(text) == words


def test_spans_are_where_words_stand_in_the_text() -> None:
    """As it is written, marks and all."""
    text = "Une e\u0301cole!"
    assert [text[start:end] for start, end in word_spans(text)] == ["Une", "e\u0301cole", "!"]

"""Rows that are held out, and those that are in both parts."""

from __future__ import annotations

from artifacts.tables import Table
from artifacts.training.held_out import notes_of_overlap


def table(*texts: str, age: float = 1.0) -> Table:
    """Return a table of these texts."""
    documents = [{"text": text, "features": {"age": age}} for text in texts]
    return Table("t", documents, ["a"] * len(texts), list(range(1, len(texts) + 1)))


def test_rows_that_were_trained_on_are_told() -> None:
    """They say nothing about documents to come, and the figures rest on them."""
    (note,) = notes_of_overlap(table(*"abcdef"), table(*"efgh"))
    assert note.startswith("2 of 4 held-out rows have the text and features of a training row")


def test_a_few_repeated_texts_are_ordinary() -> None:
    """A text that came twice, or one with other features, is no leak."""
    assert notes_of_overlap(table(*"abc"), table(*"cdefghijklm")) == []
    assert notes_of_overlap(table(*"abc"), table(*"abc", age=2.0)) == []

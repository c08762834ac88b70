"""The three terms of the changes of confidence and accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.phrases import TERMS, term_in_words
from guards.pages.elements import faint, table
from guards.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.diagnosis.three_terms import ThreeTerms

__all__ = ["terms_of_page"]


def terms_of_page(terms: Mapping[str, ThreeTerms]) -> Iterator[str]:
    """Yield what tells the kinds apart, and a table with a row for each term."""
    for measure, each in terms.items():
        kinds = counted(each.kinds, "kind") + " of documents"
        told = f", told apart by {listed(each.inputs)}" if each.inputs else ""
        yield faint(f"{measure}: {kinds}{told}")
    rows = (
        (words, *(term_in_words(getattr(each, name)) for each in terms.values()))
        for name, words in TERMS.items()
    )
    yield table("the parts of the change, which add up to it", ("by", *terms), rows)

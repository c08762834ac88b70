"""Where a change sits: slices of documents, and what is mix and what is within inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.decomposition_phrases import (
    groups_in_words,
    holds_in_words,
    slices_in_words,
    where_in_words,
)
from guards.diagnosis.phrases import percent, term_in_words
from guards.pages.elements import escaped, faint, more, sentence, table, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.diagnosis.decomposition import Decomposition
    from guards.diagnosis.slices import Slice

__all__ = ["decomposition_of"]

_MAX_ROWS = 40


def decomposition_of(decomposition: Decomposition) -> Iterator[str]:
    """Yield a table of the slices, the groups of inputs, and a table of the parts of inputs."""
    if decomposition.slices:
        heads = ("slice", "share of documents", "holds", "mean before", "mean now")
        yield text_table(slices_in_words(decomposition), heads, map(_row, decomposition.slices))
    else:
        yield faint(f"{sentence(slices_in_words(decomposition))}.")
    for line in groups_in_words(decomposition):
        yield f"<p>{escaped(sentence(line))}</p>"
    told = decomposition.told
    rows = [
        (each.input, term_in_words(each.mix), term_in_words(each.within))
        for each in told[:_MAX_ROWS]
    ]
    if rows:
        yield table("the change by mix and within", ("input", "by mix", "within"), rows)
        yield more(len(told) - _MAX_ROWS)


def _row(each: Slice) -> tuple[str, ...]:
    return (
        where_in_words(each),
        percent(each.share),
        holds_in_words(each),
        *(f"{mean:.4f}" for mean in each.means),
    )

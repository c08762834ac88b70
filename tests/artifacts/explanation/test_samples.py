"""Which documents of a table are explained."""

from __future__ import annotations

import pytest

from artifacts.explanation.samples import MAX_DOCUMENTS, draw_sample
from artifacts.tables import ColumnRoles, as_table
from guards.errors import TableError
from tests.ruled import ruled_documents

ROLES = ColumnRoles(("text",), "", ("pages",))


def test_a_large_table_is_sampled_with_a_fixed_seed() -> None:
    """The same documents each time, in order, and the number of all rows beside them."""
    table = as_table(ruled_documents(700, 1), ROLES, "large")

    first, second = (draw_sample(table, ROLES.open_schema()) for _ in range(2))

    assert first == second
    assert (len(first), first.table_rows) == (MAX_DOCUMENTS, 700)
    texts = [document["text"] for document in table.documents]
    places = [texts.index(text) for text in first.texts]
    assert places == sorted(places)
    assert places[-1] > MAX_DOCUMENTS


def test_a_small_table_is_taken_whole() -> None:
    """And one of fewer than five documents is refused."""
    table = as_table(ruled_documents(5, 1), ROLES, "small")
    assert len(draw_sample(table, ROLES.open_schema())) == 5

    with pytest.raises(TableError, match="small: 4 documents, and an explanation takes 5 or more"):
        draw_sample(table.take(range(4)), ROLES.open_schema())

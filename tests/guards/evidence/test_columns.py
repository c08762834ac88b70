"""Columns of outcomes."""

from __future__ import annotations

import doctest

from hypothesis import given
from hypothesis import strategies as st

import guards.evidence.columns
from guards.evidence.columns import Categories
from tests.guards.evidence import traffic

TEXTS = st.lists(st.none() | st.sampled_from(["", "a", "b", "\0", "None"]), max_size=8)


def texts(categories: Categories) -> list[str | None]:
    """Return the column as plain texts."""
    return [(*categories.names, None)[code] for code in categories.codes]


def test_the_example_holds() -> None:
    """The docstring says what a user sees."""
    assert doctest.testmod(guards.evidence.columns).failed == 0


@given(TEXTS)
def test_a_column_holds_its_texts(values: list[str | None]) -> None:
    """Texts come back, are found and counted, and none is no text."""
    categories = Categories.of(values)
    assert texts(categories) == values
    for name in ("", "a", "None", "unheard of"):
        assert categories.are(name).tolist() == [value == name for value in values]
    known = [value for value in values if value is not None]
    assert categories.counts() == {value: values.count(value) for value in known}


@given(st.lists(st.tuples(*[st.none() | st.sampled_from(["", "a", "b"])] * 2), max_size=8))
def test_columns_are_equal_where_they_hold_one_text(rows: list[tuple[str | None, ...]]) -> None:
    """The numbers behind the texts do not matter, and none equals nothing, not even none."""
    left, right = (Categories.of([row[side] for row in rows]) for side in (0, 1))
    expected = [row[0] == row[1] and row[0] is not None for row in rows]
    assert left.equals(right).tolist() == expected
    assert right.equals(left).tolist() == expected


@given(traffic.docs())
def test_rows_are_selected_in_every_column(docs: list[traffic.Doc]) -> None:
    """Selected rows are those of the selected documents alone."""
    columns = traffic.columns(docs)
    odd = columns.rows(columns.tokens % 2 == 1)
    expected = traffic.columns([doc for doc in docs if doc.tokens % 2])
    assert len(odd) == len(expected)
    assert list(odd.request_ids) == list(expected.request_ids)
    for name in ("segments", "outcomes"):
        assert texts(getattr(odd, name)) == texts(getattr(expected, name))
    for name in ("observed_at", "last", "tokens", "comparable", "divergence"):
        assert repr(getattr(odd, name)) == repr(getattr(expected, name))
    for who in ("champion", "challenger"):
        found, wanted = getattr(odd, who), getattr(expected, who)
        assert texts(found.labels) == texts(wanted.labels)
        for name in ("confidence", "margin", "entropy", "cpu_s"):
            assert repr(getattr(found, name)) == repr(getattr(wanted, name))

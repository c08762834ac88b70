"""Which categories are known, and what is told of columns with very many."""

from __future__ import annotations

import pytest

from artifacts.training.categories import MAX_CATEGORIES, category_notes, known_categories
from guards.errors import TableError
from guards.schema import MISSING


def notes(values: list[str]) -> list[str]:
    """Return the notes on a column called ``customer``."""
    return [*category_notes("customer", values, known_categories(values))]


def test_known_categories_were_seen_twice() -> None:
    """What was seen once cannot be learnt; missing values are no category."""
    values = ["b", "a", "b", "c", "a", "", "", "a"]

    assert known_categories(values) == ("a", "b")
    assert known_categories([]) == ()


def test_of_very_many_categories_a_thousand_are_known() -> None:
    """A thousand are kept, by count and then by name, in the order of their names."""
    values = [f"c{number:04}" for number in range(3000) for _ in range(2 + number % 3)]

    known = known_categories(values)

    assert known == tuple(f"c{number:04}" for number in range(2, 3000, 3))
    assert len(known) == MAX_CATEGORIES
    (note,) = notes(values)
    assert note == (
        "customer: 3000 categories in 9000 rows; the 1000 most frequent are known, and 5000 rows "
        "(56%) hold another, encoded as unknown"
    )


def test_which_of_equally_frequent_categories_are_known_does_not_depend_on_the_order() -> None:
    """The same rows in another order give the same categories."""
    values = [f"c{number}" for number in range(1500)] * 2
    assert known_categories(values) == known_categories(values[::-1])


@pytest.mark.parametrize(
    "values",
    [
        [f"order {number}" for number in range(5000)],
        [f"order {number // 2}" for number in range(40_000)],
        [*(f"{number:x}" for number in range(1000)), *[MISSING] * 5000, *["none"] * 99],
    ],
    ids=["each once", "each twice", "most missing"],
)
def test_identifiers_are_refused(values: list[str]) -> None:
    """A column in which nine of ten rows would be unknown is no category."""
    with pytest.raises(TableError, match=r"^customer: .* an identifier, it seems; leave the col"):
        notes(values)


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b"] * 50,
        [*["a", "b"] * 50, *(f"rare {number}" for number in range(10))],
        [MISSING] * 500,
        [],
        [f"c{number}" for number in range(MAX_CATEGORIES)] * 2,
    ],
    ids=["usual", "few rare", "missing", "none", "just as many as are known"],
)
def test_usual_columns_are_not_told_of(values: list[str]) -> None:
    """A few rare categories are what the unknown one is learnt from."""
    assert notes(values) == []


def test_many_frequent_categories_are_no_identifiers() -> None:
    """Each of ten thousand sellers comes again and again: that most are unknown is only noted."""
    (note,) = notes([f"seller {number}" for number in range(12_000)] * 5)
    assert "55000 rows (92%) hold another" in note


def test_a_small_table_is_not_refused() -> None:
    """Of fifty rows nobody can say whether a value would come again; they are told of."""
    assert len(notes([f"c{number}" for number in range(50)])) == 1

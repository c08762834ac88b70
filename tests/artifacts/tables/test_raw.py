"""A column that is not there is said, and which one may be meant."""

from __future__ import annotations

import pytest

from artifacts.tables.raw import RawTable, wanted_columns
from guards.errors import TableError


def absent(name: str, *names: str) -> str:
    """Return the line about a column that is not there."""
    with pytest.raises(TableError) as error:
        RawTable("memory", names, 1, {}).column(name)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "there", "shown"),
    [
        ("age", "Age", "'Age'"),
        ("age", " age", "' age'"),
        ("label", ' "label"', "' \"label\"'"),
        ("caf\u00e9", "cafe\u0301", "'cafe\\u0301'"),
        ("age", "\uff41ge", "'\uff41ge'"),
        ("age", "age\u200b", "'age\\u200b'"),
    ],
)
def test_the_name_that_is_there_is_suggested(name: str, there: str, shown: str) -> None:
    """By case, spaces, quotes that are a part of it, and Unicode form."""
    assert absent(name, "text", there).endswith(f"; did you mean {shown}?")


def test_no_name_is_guessed() -> None:
    """Another word is no suggestion, nor is one of two."""
    assert absent("age", "text", "ages").endswith("it has 'text', 'ages'")
    assert absent("age", "Age", "AGE").endswith("it has 'Age', 'AGE'")
    assert absent("age", "text:age").endswith("separated by commas, semicolons, tabs or pipes")


class Counted(str):
    """A name that counts how often one is compared with another."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        """Compare as every string does."""
        Counted.comparisons += 1
        return super().__eq__(other)

    __hash__ = str.__hash__


def test_a_table_may_be_very_wide() -> None:
    """No column is looked for among all the others."""
    names = tuple(Counted(f"column {n}") for n in range(1000))
    table = RawTable("memory", names, 1, {name: ["cell"] for name in wanted_columns(names, None)})

    assert all(table.column(str(name)) == ["cell"] for name in names)
    assert Counted.comparisons < 10 * len(names)

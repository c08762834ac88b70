"""A column that is not there is said, and which one may be meant."""

from __future__ import annotations

import pytest

from artifacts.tables.raw import RawTable
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

"""A cell that its column does not take is refused with what is wrong and what to do."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from artifacts.tables.refusals import refused_cell, refused_feature
from artifacts.tables.roles import ColumnRoles


def refusal(cell: object, role: str = "numeric", *, private: bool = False) -> str:
    """Return the end of the line that refuses a cell."""
    numeric, categorical = (("it",) if role == each else () for each in ("numeric", "categorical"))
    private_names = ("it",) if private else ()
    roles = ColumnRoles(("text",), "kind", numeric, categorical, private_names)
    schema = roles.open_schema()
    _, (problem, *_) = schema.canonical({"it": cell}, path="")
    message = str(refused_cell("memory", 2, problem, {"it": cell}, schema))
    assert message.startswith("memory: row 2 of 'it' ")
    return message.removeprefix("memory: row 2 of 'it' ")


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("Berlin", "declare a column that holds texts by --categorical it"),
        ("A1", "declare a column that holds texts by --categorical it"),
        ("2024-01-01", "declare a column that holds texts by --categorical it"),
        ("NA", "if it stands for a missing value, make the bundle with --missing it=NA"),
        ("n/a ", "if it stands for a missing value, make the bundle with --missing it=n/a"),
        ("12,5", "write numbers with a decimal point, and without separators of thousands"),
        ("1.234,50", "write numbers with a decimal point, and without separators of thousands"),
        ("1_000", "write numbers without separators of thousands"),
        ("1 234 567.5", "write numbers without separators of thousands"),
        ("1'000", "write numbers without separators of thousands"),
        ("12%", "write numbers without a unit, such as a percent or currency sign"),
        ("$5", "write numbers without a unit, such as a percent or currency sign"),
        ("12,50 \u20ac", "write numbers without a unit, such as a percent or currency sign"),
        ("EUR 5", "write numbers without a unit, such as a percent or currency sign"),
        ("5 kg", "write numbers without a unit, such as a percent or currency sign"),
        ("\u22125", "its minus is another character; write a hyphen, as in -5"),
        ("\u0663", "write numbers with the digits 0 to 9"),
        ("1e400", "it is beyond what a double-precision number holds"),
        ("-Infinity", "leave the cell empty, or write the largest number that makes sense"),
        (math.inf, "leave the cell empty, or write the largest number that makes sense"),
        (True, "write truth values as 1 and 0, or declare their column by --categorical it"),
        ("FALSE", "write truth values as 1 and 0, or declare their column by --categorical it"),
    ],
)
def test_what_to_do_about_a_cell_that_is_no_number(cell: object, remedy: str) -> None:
    """The value is said, and what to do about one of its kind."""
    assert refusal(cell) == f"holds {str(cell)!r}: it is not a finite number; {remedy}"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (-math.inf, "holds '-inf': it is an infinite number; leave the cell empty, or write the"),
        (2.0**60, "holds '1.152921504606847e+18': it is a number so large that it has lost digits"),
        (10**500, "holds a whole number of more than 500 digits: it is a whole number of more"),
        pytest.param(
            10**5000,
            "holds a whole number of more than 500 digits: it is a whole number of more",
            id="long",
        ),
    ],
)
def test_what_is_wrong_with_a_cell_that_is_no_category(cell: object, says: str) -> None:
    """Numbers may be categories, and the line says why this one is none."""
    assert refusal(cell, "categorical").startswith(says)


@pytest.mark.parametrize("cell", ["SECRET", "-", "12,5"])
def test_a_private_value_is_not_said(cell: str) -> None:
    """Of a private column the row and the reason are enough."""
    message = refusal(cell, private=True)

    assert message.startswith("is not a finite number; ")
    assert cell not in message.replace("--missing", "").replace("--categorical", "").split()
    assert f"={cell}" not in message


@pytest.mark.parametrize(
    ("cell", "kind", "remedy"),
    [
        (
            dt.date(2024, 2, 29),
            "a date",
            "write it as a text, or as a number such as the days since",
        ),
        (dt.timedelta(1), "a duration", "write it as a number, of seconds or days"),
        (["a"], "a list", "make a column of each value, or join them into one text"),
        (1j, "a value of the type complex", "write it as a text or as a number"),
    ],
)
def test_what_to_do_about_other_types(cell: object, kind: str, remedy: str) -> None:
    """Nobody knows what number a date should be, and the line says what it could be."""
    message = str(refused_feature("memory", 2, "it", cell))

    assert message.startswith(f"memory: row 2 of 'it' is {kind}, and a feature is a text, a number")
    assert f" or a truth value; {remedy}" in message

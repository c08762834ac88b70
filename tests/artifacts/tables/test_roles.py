"""Each column has one role, and missing markers are in canonical form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from artifacts.tables.roles import ColumnRoles
from guards.errors import TableError


@pytest.mark.parametrize(
    ("numeric", "categorical", "private", "says"),
    [
        (("text",), (), (), "column 'text' is given two roles"),
        (("pages",), ("pages",), (), "column 'pages' is given two roles"),
        ((), ("label",), (), "column 'label' is given two roles"),
        ((), (), ("pages",), "--private 'pages' is neither"),
    ],
)
def test_contradicting_roles(
    numeric: tuple[str, ...], categorical: tuple[str, ...], private: tuple[str, ...], says: str
) -> None:
    """A column has one role, and a private column is one of the features."""
    with pytest.raises(TableError, match=f"^{says}"):
        ColumnRoles(("text",), "label", numeric, categorical, private)


def test_missing_markers_are_in_canonical_form() -> None:
    """A marker is one however it is written, and what is missing anyway needs none."""
    roles = ColumnRoles(("text",), "label", missing=(" NA", "NA", "-999.0", "nan", "n/a"))

    assert roles.missing == ("-999", "NA", "n/a")
    assert roles.open_schema().missing == roles.missing


def test_a_marker_of_one_column() -> None:
    """Only the name of a feature or the label counts; other texts may hold the sign, too."""
    missing = ("age=NA", "city=-1.0", "kind=?", "x=y", "a=b=c")
    roles = ColumnRoles(("text",), "kind", ("age", "a"), ("city",), missing=missing)

    assert roles.missing == ("x=y",)
    assert roles.markers_of("age") == ("x=y", "NA")
    assert roles.markers_of("a") == ("x=y", "b=c")
    assert roles.markers_of("kind") == ("x=y", "?")
    schema = roles.open_schema()
    assert [column.missing for column in schema.numeric] == [("NA",), ("b=c",)]
    assert schema.categorical[0].missing == ("-1",)
    assert replace(roles, time="when").own_missing == roles.own_missing


def test_without_a_label() -> None:
    """A column without a name, as an index often is, may then have another role."""
    assert ColumnRoles(("text",), "", numeric=("",)).columns == ("text", "")


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("", "an empty cell is missing anyway"),
        ("  ", "an empty cell is missing anyway"),
        ("age=", "an empty cell is missing anyway"),
        ("text=NA", "a text column has no missing values"),
    ],
)
def test_what_is_no_marker(marker: str, says: str) -> None:
    """A marker that would say nothing was meant otherwise."""
    with pytest.raises(TableError, match=f"^--missing '{marker}': {says}"):
        ColumnRoles(("text",), "kind", ("age",), missing=(marker,))

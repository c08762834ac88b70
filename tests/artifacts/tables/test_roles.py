"""Each column has one role, and missing markers are in canonical form."""

from __future__ import annotations

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
    roles = ColumnRoles(("text",), "label", missing=(" NA", "NA", "-999.0", "", "nan", "n/a"))

    assert roles.missing == ("-999", "NA", "n/a")
    assert roles.open_schema().missing == roles.missing

"""Text from elsewhere, made safe to print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.text import listed, printable


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    """Whatever comes in, what comes out can be printed, and is not escaped a second time."""
    escaped = printable(text)

    assert escaped.isprintable()
    assert printable(escaped) == escaped
    assert (escaped == text) is text.isprintable()


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "none"),
        (2, "'n0', 'n1'"),
        (21, ", ".join(f"'n{number}'" for number in range(20)) + " and 1 more"),
    ],
)
def test_listed_names_are_quoted(count: int, text: str) -> None:
    """Up to twenty names stand in quotes, and the rest is counted."""
    assert listed([f"n{number}" for number in range(count)]) == text

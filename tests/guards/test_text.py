"""Text from elsewhere, made safe to print or read as a duration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.text import duration_s, listed, printable


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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7d", 604_800), ("12h", 43_200), ("30m", 1800), ("45s", 45), ("1.5h", 5400), ("0", 0)],
)
def test_a_duration_has_a_number_and_a_unit(text: str, seconds: float) -> None:
    """Days, hours, minutes and seconds are read as seconds; nothing needs no unit."""
    assert duration_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-1d", "7 d", "7D", "1w", "1e3s", "nand", "\u0667d"]
)
def test_what_is_no_duration_says_what_was_expected(text: str) -> None:
    """Nothing is guessed: a number without a unit could be seconds or days."""
    with pytest.raises(ValueError, match="expected a number and one of s, m, h, d"):
        duration_s(text)

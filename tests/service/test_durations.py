"""Durations as people write them."""

from __future__ import annotations

import pytest

from service.durations import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("30m", 1800), (" 12h ", 43_200), ("7d", 604_800), ("1.5h", 5400), ("0s", 0)],
)
def test_units(text: str, seconds: float) -> None:
    """Seconds, minutes, hours and days are understood, with decimals too."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "7 d", "7w", "-1d", "nan", "1e3s", "\N{ARABIC-INDIC DIGIT SEVEN}d", "7d7h"],
)
def test_anything_else_is_refused(text: str) -> None:
    """The error says what is expected and what was found."""
    with pytest.raises(ValueError, match="45s, 30m, 12h or 7d, found"):
        seconds_of(text)


def test_more_than_a_century_is_refused() -> None:
    """Such moments are beyond the calendar, and the error does not repeat hundreds of digits."""
    assert seconds_of("36525d") == 36_525 * 86_400

    with pytest.raises(ValueError, match=r"at most 100 years, found '9{20}'$"):
        seconds_of("9" * 400 + "d")

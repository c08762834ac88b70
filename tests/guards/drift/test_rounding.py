"""Numbers and shares are short, and two that differ look different."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import guards.drift.rounding
from guards.drift.rounding import number_pair, number_text, share_pair, share_text

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5.0, "5"),
        (-5.25, "-5.25"),
        (9_999.6, "10,000"),
        (123_456.0, "123,000"),
        (99_960.0, "100,000"),
        (2e14, "200,000,000,000,000"),
        (1e15, "1e15"),
        (1.7976931348623157e308, "1.8e308"),
        (0.0001, "0.0001"),
        (1e-9, "1e-9"),
        (-1.234e-9, "-1.23e-9"),
        (5e-324, "4.94e-324"),
    ],
)
def test_a_number_has_about_three_digits(value: float, text: str) -> None:
    """Neither more than anybody reads, nor the rounding of units that people count."""
    assert number_text(value) == text


@given(FINITE, FINITE)
def test_two_numbers_look_different_where_they_are(first: float, second: float) -> None:
    """Whatever their size is, and however close they are."""
    left, right = number_pair(first, second)
    assert (left == right) == (first == second)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5, "50 %"),
        (0.01, "1 %"),
        (0.0099, "1.0 %"),
        (0.001, "0.1 %"),
        (0.0001, "< 0.1 %"),
        (0.99, "99 %"),
        (0.995, "99.5 %"),
        (0.99999, "> 99.9 %"),
    ],
)
def test_a_share_is_neither_rounded_to_nothing_nor_to_all(share: float, text: str) -> None:
    """A few documents are not none."""
    assert share_text(share) == text


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_two_shares_look_different_where_they_are(first: int, second: int) -> None:
    """Of twenty thousand documents, each one is seen."""
    left, right = share_pair(first / 20_000, second / 20_000)
    assert (left == right) == (first == second)


def test_the_examples_are_true() -> None:
    """What the docstrings show is what is returned."""
    assert doctest.testmod(guards.drift.rounding).failed == 0

"""Pieces of HTML."""

from __future__ import annotations

from guards.pages.elements import escaped


def test_a_number_stays_with_its_per_cent_sign() -> None:
    """Whatever else is in the text is escaped as ever."""
    assert escaped("<5 % of 'a'") == "&lt;5\N{NO-BREAK SPACE}% of &#x27;a&#x27;"

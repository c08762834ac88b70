"""Texts that the eye takes for one have one look."""

from __future__ import annotations

import pytest

from artifacts.tables.lookalikes import look_of


@pytest.mark.parametrize(
    "text", ["Spam", " sp am", "\uff53\uff50\uff41\uff4d", "sp\u200bam", "sp\u0430m"]
)
def test_what_looks_the_same(text: str) -> None:
    """Without case, spaces, widths, invisible characters and other alphabets."""
    assert look_of(text) == "spam"


def test_accents_and_signs_are_seen() -> None:
    """They tell words apart."""
    assert len({*map(look_of, ["resume", "r\u00e9sum\u00e9", "resume."])}) == 3

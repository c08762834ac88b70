"""Tables with bars: their lengths, and what stands beside them."""

from __future__ import annotations

import re

import pytest

from guards.pages.bars import BarRow, bar_table


def _widths(text: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect [^>]* width="([\d.]+)" height', text)]


def test_lengths_are_shares_of_the_largest() -> None:
    """Nothing has no bar, and very little has a visible one."""
    rows = [
        BarRow("a", (0.5, 0.25), ("50 %", "25 %")),
        BarRow("b", (None, 0.0001), ("none", "0.0 %"), "new"),
    ]
    text = bar_table("shares", ("value", "good", "bad"), rows)
    full, half, little = _widths(text)
    assert half == pytest.approx(full / 2)
    assert little == 1
    assert "good above bad" in text
    assert "<em>new</em>" in text
    assert _widths(bar_table("shares", ("value", "good", "bad"), rows, largest=1.0))[0] == full / 2


def test_names_are_texts() -> None:
    """Also as the names of rows, which are cut off where nobody would read on."""
    text = bar_table("<b>", ("<i>", "good", "bad"), [BarRow("<u>" * 200, (0, 0), ("", ""), "<s>")])
    assert not re.search("<[bius]>", text)
    assert "(600 characters)" in text

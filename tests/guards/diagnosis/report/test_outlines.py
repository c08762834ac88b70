"""Drawings of two distributions: what their shapes say."""

from __future__ import annotations

import re

import pytest

from guards.diagnosis.report.outlines import outlines
from guards.diagnosis.report.steps import Axis, Step

STEPS = [Step(0.0, 1.0, 30, 0), Step(1.0, 3.0, 60, 50), Step(3.0, 4.0, 0, 50)]


def _area(path: str) -> float:
    """Return the area under an outline, which goes up and down from its base."""
    x, base = (float(number) for number in re.findall(r"M([\d.]+) ([\d.]+)", path)[0])
    area, y = 0.0, base
    for command, value in re.findall(r"([VH])([\d.]+)", path):
        if command == "V":
            y = float(value)
        else:
            area += (float(value) - x) * (base - y)
            x = float(value)
    return area


def test_areas_are_shares_of_documents() -> None:
    """A period of which a tenth has no number has nine tenths of the area of a full one."""
    drawn = outlines("pages", STEPS, Axis(0.0, 4.0), (100, 100))
    good, bad = re.findall(r'<path d="(M[^"]*V[^"]*H[^"]*V[^"]*)"', drawn)
    assert _area(good) / _area(bad) == pytest.approx(0.9, rel=0.02)


def test_the_ends_and_the_middle_of_the_axis_are_texts() -> None:
    """They stand beside the drawing, not in it."""
    drawn = outlines("pages", STEPS, Axis(0.0, 4.0), (100, 100))
    assert re.findall(r"<span>(.*?)</span>", drawn) == ["0", "2", "4"]
    assert "<text" not in drawn


def test_everything_is_inside() -> None:
    """Also quantiles beyond the axis, and periods without documents."""
    drawn = outlines(
        "a",
        [Step(0.0, 2.0, 0, 0), Step(2.0, 4.0, 0, 0)],
        Axis(0.0, 4.0),
        (0, 0),
        ((-9.0, 0.0, 1.0, 2.0, 9.0), (0.0,) * 5),
    )
    assert "nan" not in drawn
    assert "inf" not in drawn
    places = [float(number) for number in re.findall(r'(?:x="|[MH])(-?[\d.]+)', drawn)]
    assert places
    assert all(0 <= place <= 361 for place in places)

"""Shapes of SVG without text: names and numbers stand beside them, at the size of the page.

Of two sides, the first is an area or a bar with a border, the other a line or a bar without one:
they are told apart without colour, too. Shapes have plain colours as attributes, and drawings their
size, for whoever drops the style.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.pages.elements import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BAD", "GOOD", "LINE", "drawing", "key", "length", "ornament", "rectangle"]

GOOD = 'class="g" fill="#cfe3f3" stroke="#1b1b1b" stroke-width=".5"'
BAD = 'class="b" fill="#b23a0b"'
LINE = 'class="l" fill="none" stroke="#b23a0b" stroke-width="2"'


def length(value: float) -> str:
    """Return a coordinate or a length with one decimal at most.

    >>> length(12.04), length(3.26)
    ('12', '3.3')
    """
    return f"{value:.1f}".removesuffix(".0")


def rectangle(x: float, y: float, width: float, height: float, look: str) -> str:
    """Return a rectangle that looks like this."""
    at = f'x="{length(x)}" y="{length(y)}" width="{length(width)}" height="{length(height)}"'
    return f"<rect {at} {look}/>"


def drawing(label: str, width: int, height: int, shapes: Iterable[str]) -> str:
    """Return a drawing that says something by itself, which ``label`` tells who cannot see it."""
    return (
        f'<svg class="d" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escaped(label)}">{"".join(shapes)}</svg>'
    )


def ornament(width: int, height: int, shapes: Iterable[str]) -> str:
    """Return a drawing of a number that stands beside it."""
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'aria-hidden="true">{"".join(shapes)}</svg>'
    )


def key(first: str, second: str) -> str:
    """Return how the two sides of a comparison look, in words."""
    looks = ornament(28, 12, [rectangle(1, 1, 26, 10, GOOD)])
    other = ornament(28, 12, [rectangle(1, 3, 26, 6, BAD)])
    return (
        f'<p class="key"><span>{looks} {escaped(first)}: with a border, as an area</span> '
        f"<span>{other} {escaped(second)}: without one, as a line</span></p>"
    )

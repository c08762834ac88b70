"""Drawings in SVG: of shares in two periods, of a distribution, and of a mean over time.

Good is light with a border and bad is solid, so that they are told apart without colour, too.
Shapes have plain colours as attributes, for whoever drops the style.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.report.elements import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["histogram", "line", "pair_bars"]

_WIDTH = 640
_NAME_WIDTH = 180
_BAR = 9
_ROW = 26
_HEIGHT = 150
_MARGIN = 34
_MAX_NAME_CHARS = 26

_GOOD = 'class="g" fill="#9cc3e6" stroke="#1b1b1b"'
_BAD = 'class="b" fill="#c2410c"'


def pair_bars(label: str, rows: Sequence[tuple[str, float, float]]) -> str:
    """Return two bars for each name: its share in the good period above that in the bad one."""
    largest = max((max(good, bad) for _, good, bad in rows), default=0.0) or 1.0
    room = _WIDTH - _NAME_WIDTH - 60
    shapes = []
    for number, (name, good, bad) in enumerate(rows):
        top = number * _ROW + 4
        short = name if len(name) <= _MAX_NAME_CHARS else f"{name[: _MAX_NAME_CHARS - 1]}…"
        shapes.append(_text(_NAME_WIDTH - 8, top + 13, short, "end"))
        for share, offset, look in ((good, 0, _GOOD), (bad, _BAR, _BAD)):
            width = share / largest * room
            shapes.append(
                f'<rect x="{_NAME_WIDTH}" y="{top + offset}" width="{width:.1f}" '
                f'height="{_BAR}" {look}/>'
            )
        shapes.append(
            _text(_NAME_WIDTH + max(good, bad) / largest * room + 6, top + 13, _share(bad))
        )
    return _svg(label, len(rows) * _ROW + 8, shapes)


def histogram(label: str, good: Sequence[int], bad: Sequence[int]) -> str:
    """Return the shares of equal bins from 0 to 1: of the good period as a line before the bars."""
    shares = [[count / max(sum(side), 1) for count in side] for side in (good, bad)]
    largest = max(map(max, shares)) or 1.0
    step = (_WIDTH - 2 * _MARGIN) / len(good)

    def top(share: float) -> float:
        return 10 + (1 - share / largest) * _HEIGHT

    base = top(0)
    shapes = [
        f'<rect x="{_MARGIN + number * step + 1:.1f}" y="{top(share):.1f}" '
        f'width="{step - 2:.1f}" height="{base - top(share):.1f}" {_BAD}/>'
        for number, share in enumerate(shares[1])
    ]
    outline = "".join(
        f"{'M' if not number else 'L'}{_MARGIN + number * step:.1f} {top(share):.1f}"
        f"H{_MARGIN + (number + 1) * step:.1f}"
        for number, share in enumerate(shares[0])
    )
    shapes.append(f'<path d="{outline}" class="l" fill="none" stroke="#1b1b1b"/>')
    shapes.append(_axis(base))
    shapes += [
        _text(_MARGIN + at * (_WIDTH - 2 * _MARGIN), base + 16, f"{at:g}") for at in (0, 0.5, 1)
    ]
    return _svg(label, base + 24, shapes)


def line(
    label: str,
    points: Sequence[tuple[float, float]],
    marks: Iterable[float],
    ends: tuple[str, str],
) -> str:
    """Return a line through points from left to right, with a dashed line at each mark.

    ``ends`` are the words below its first and its last point.
    """
    left, right = (float(pick(at for at, _ in points)) for pick in (min, max))
    low, high = (float(pick(value for _, value in points)) for pick in (min, max))

    def x(value: float) -> float:
        return _MARGIN + (value - left) / ((right - left) or 1) * (_WIDTH - 2 * _MARGIN)

    def y(value: float) -> float:
        return 10 + (high - value) / ((high - low) or 1) * _HEIGHT

    base = 10 + _HEIGHT
    shapes = [
        f'<path d="M{x(mark):.1f} 10V{base}" class="m" stroke="#c2410c"/>'
        for mark in marks
        if left <= mark <= right
    ]
    path = "L".join(f"{x(at):.1f} {y(value):.1f}" for at, value in points)
    shapes += [
        f'<path d="M{path}" class="l" fill="none" stroke="#1b1b1b"/>',
        _axis(base),
        _text(_MARGIN, base + 16, ends[0]),
        _text(_WIDTH - _MARGIN, base + 16, ends[1], "end"),
        _text(2, 16, f"{high:.2f}"),
        _text(2, base, f"{low:.2f}"),
    ]
    return _svg(label, base + 24, shapes)


def _svg(label: str, height: float, shapes: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escaped(label)}">'
        f"{''.join(shapes)}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped(text)}</text>'


def _axis(y: float) -> str:
    return f'<path d="M{_MARGIN} {y:.1f}H{_WIDTH - _MARGIN}" class="a" stroke="#c9c9c9"/>'


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"

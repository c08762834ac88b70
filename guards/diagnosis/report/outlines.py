"""Two distributions of numbers over each other: good as an area, bad as a line.

Heights are shares divided by the width of their step, so that areas are shares. A strip below each
other has the middle half of the numbers, their ends at 5 and 95 %, and the median as a gap.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from guards.drift.rounding import number_text
from guards.pages.drawing import BAD, GOOD, LINE, drawing, length, rectangle
from guards.pages.elements import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.diagnosis.report.steps import Axis, Step

__all__ = ["outlines"]

_WIDTH = 360
_HEIGHT = 110
_TOP = 4
_BASE = _TOP + _HEIGHT
_STRIP = 10


def outlines(
    label: str,
    steps: Sequence[Step],
    axis: Axis,
    documents: tuple[int, int],
    quantiles: tuple[Sequence[float], Sequence[float]] = ((), ()),
) -> str:
    """Return the drawing, and the numbers at both ends and in the middle of its axis.

    ``documents`` are those of each period, also those without a number; ``quantiles`` are those at
    5, 25, 50, 75 and 95 %, or nothing.
    """
    sides = [[step.good for step in steps], [step.bad for step in steps]]
    widths = [axis.place(step.high) - axis.place(step.low) for step in steps]
    heights = [
        [count / max(of_all, 1) / width for count, width in zip(side, widths, strict=True)]
        for side, of_all in zip(sides, documents, strict=True)
    ]
    highest = max(map(max, heights)) or 1.0
    paths = [_path(steps, axis, [each / highest for each in side]) for side in heights]
    shapes = [
        f'<path d="{paths[0]}Z" {GOOD}/>',
        f'<path d="{paths[1]}" {LINE}/>',
        f'<path d="M0 {_BASE}H{_WIDTH}" class="a" stroke="#8a8a8a"/>',
    ]
    height = _BASE + 2
    for values, look in zip(quantiles, (GOOD, BAD), strict=True):
        shapes += _strip(values, axis, height, look)
        height += _STRIP if values else 0
    ends = (axis.low, axis.middle, axis.high)
    texts = " ".join(f"<span>{escaped(number_text(each))}</span>" for each in ends)
    return f'{drawing(label, _WIDTH, height, shapes)}<p class="ends">{texts}</p>'


def _path(steps: Sequence[Step], axis: Axis, heights: Sequence[float]) -> str:
    """Return the outline from the base up, along all steps, and down again."""
    path = [f"M{_x(axis, steps[0].low)} {_BASE}"]
    for step, height in zip(steps, heights, strict=True):
        path.append(f"V{length(_BASE - height * _HEIGHT)}H{_x(axis, step.high)}")
    return "".join([*path, f"V{_BASE}"])


def _x(axis: Axis, value: float) -> str:
    return length(axis.place(value) * _WIDTH)


def _strip(values: Sequence[float], axis: Axis, top: float, look: str) -> Iterator[str]:
    """Yield the boxes between quantiles, the middle ones high, with a gap at the median."""
    places = [axis.place(value) * _WIDTH for value in values]
    for (left, right), box in zip(pairwise(places), (2, 6, 6, 2), strict=False):
        y = top + 2 + (6 - box) / 2
        yield rectangle(left + 0.5, y, max(right - left - 1, 0.5), box, look)

"""The distributions of the inputs that moved, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.quantiles import quantile
from guards.diagnosis.report.outlines import outlines
from guards.diagnosis.report.sides import PERIODS
from guards.diagnosis.report.steps import axis_of, steps_of
from guards.pages.bars import BarRow, bar_table
from guards.pages.elements import escaped, faint, folded_table, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.diagnosis.causes import MovedInput
    from guards.diagnosis.distributions import Distribution, DistributionCell
    from guards.diagnosis.report.steps import Axis

__all__ = ["moved_inputs_of"]

_MAX_DRAWN = 30
_MAX_BARS = 16
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_STRIPS = (
    "Below an outline, a strip for each period reaches from 5 to 95 % of its numbers; the middle "
    "half is thicker, with a gap at the median."
)


def moved_inputs_of(
    inputs: Sequence[MovedInput], distributions: Sequence[Distribution]
) -> Iterator[str]:
    """Yield the first 30 inputs as drawings with their numbers, and the others as a table."""
    drawn = list(zip(inputs[:_MAX_DRAWN], distributions, strict=False))
    if any(axis_of(distribution.cells) is not None for _, distribution in drawn):
        yield faint(_STRIPS)
    yield f'<div class="grid">{"".join(_input(*each) for each in drawn)}</div>'
    others = [
        (each.input.name, f"{each.moved.metric} {each.moved.value:.3f}")
        for each in inputs[_MAX_DRAWN:]
    ]
    if others:
        yield table("inputs that moved less far", ("input", "moved by"), others)


def _input(moved: MovedInput, distribution: Distribution) -> str:
    axis = axis_of(distribution.cells)
    content = _categories(distribution) if axis is None else _numbers(distribution, axis)
    return (
        f"<article><h3>{escaped(distribution.name)}</h3>"
        f"{faint(f'moved by {moved.moved.metric} {moved.moved.value:.3f}')}"
        f"{''.join(content)}{faint(_source(distribution, axis))}</article>"
    )


def _source(distribution: Distribution, axis: Axis | None) -> str:
    good, bad = distribution.documents
    cells = "cells of windows" if distribution.from_windows else "groups of cells in lines"
    scale = "; the scale is logarithmic" if axis is not None and axis.logarithmic else ""
    if not distribution.from_windows and axis is not None:
        scale += "; the outermost groups hold what lies beyond, too"
    return f"From {cells}: {good} good and {bad} bad documents{scale}."


def _numbers(distribution: Distribution, axis: Axis) -> Iterator[str]:
    name, cells, documents = distribution.name, distribution.cells, distribution.documents
    steps = steps_of(cells, axis)
    counts = [cell.good for cell in cells], [cell.bad for cell in cells]
    found = [[quantile(cells, side, share) for share in _QUANTILES] for side in counts]
    good, bad = ([each.value for each in side if each is not None] for side in found)
    label = f"{name}: the good period as an area, the bad one as a line; areas are shares"
    yield outlines(label, steps, axis, documents, (good, bad))
    told = [["none" if each is None else each.text for each in side] for side in found]
    rows = zip((f"{100 * share:.0f} %" for share in _QUANTILES), *told, strict=True)
    beside = [table(f"quantiles of {name}", ("quantile", *PERIODS), rows)]
    outside = [cell for cell in cells if cell.low is None or cell.high is None]
    if any(cell.good or cell.bad for cell in outside):
        beside.append(_bars(f"{name}, not drawn above", outside, documents, largest=0.1))
    yield f'<div class="beside">{"".join(beside)}</div>'
    shares = (
        (
            str(step),
            *(_percent(*each) for each in zip((step.good, step.bad), documents, strict=True)),
        )
        for step in steps
    )
    yield folded_table(f"shares of {name}", ("from, to", *PERIODS), shares)


def _categories(distribution: Distribution) -> Iterator[str]:
    cells, documents = distribution.cells, distribution.documents
    filled = [cell for cell in cells if cell.good or cell.bad]
    rarest = sorted(filled, key=lambda cell: max(_shares(cell, documents)))[:-_MAX_BARS]
    shown = [cell for cell in filled if cell not in rarest]
    yield _bars(f"shares of {distribution.name}", shown, documents)
    if rarest:
        good, bad = sum(cell.good for cell in rarest), sum(cell.bad for cell in rarest)
        shares = [_percent(*each) for each in zip((good, bad), documents, strict=True)]
        yield faint(f"{len(rarest)} more values: good {shares[0]}, bad {shares[1]}")


def _bars(
    caption: str,
    cells: Sequence[DistributionCell],
    documents: tuple[int, int],
    largest: float = 0.0,
) -> str:
    rows = [
        BarRow(
            cell.name,
            _shares(cell, documents),
            (_percent(cell.good, documents[0]), _percent(cell.bad, documents[1])),
            "new" if cell.is_new else "",
        )
        for cell in cells
        if cell.good or cell.bad
    ]
    return bar_table(caption, ("value", *PERIODS), rows, largest)


def _shares(cell: DistributionCell, documents: tuple[int, int]) -> tuple[float, float]:
    return cell.good / max(documents[0], 1), cell.bad / max(documents[1], 1)


def _percent(count: int, documents: int) -> str:
    return f"{100 * count / max(documents, 1):.1f} %" if count else "none"

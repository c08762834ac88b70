"""All numbers of a score, each computed again, and whether it is what was shown."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log, log10, pi, sin, sqrt
from typing import TYPE_CHECKING, Any

from guards.drift.by_hand.cells import counted_cells
from guards.drift.by_hand.cumulative import (
    Moments,
    cumulative_rows,
    smirnov_steps,
    wasserstein_steps,
)
from guards.drift.by_hand.evidence import division_rows, evidence_step
from guards.drift.by_hand.shares import (
    divergence_steps,
    divergence_terms,
    new_share_steps,
    stability_steps,
    stability_terms,
)
from guards.drift.by_hand.steps import Step, number
from guards.drift.feature_reference import NumericReference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.drift.by_hand.cells import Cell
    from guards.drift.by_hand.cumulative import CumulativeRow
    from guards.drift.by_hand.evidence import DivisionRow
    from guards.drift.distance import Score
    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonMapping

__all__ = ["HandScore", "score_by_hand", "shown_numbers"]

_EFFECT_FLOOR = 0.03
_VISIBLE = 36
_ENOUGH_DOCUMENTS = 50
_ENOUGH_BAND = 0.25
_PLAIN = 2
_DIGITS = 4
_ROUNDING = 1e-7
"""Distances of equal shares are not always 0: they are roots of sums that nearly cancel."""


@dataclass(frozen=True, slots=True)
class HandScore:
    """The numbers of a score, and the tables that they are computed from.

    ``divergence`` and ``stability`` are what each cell adds to the square of the Jensen-Shannon
    distance and to PSI, empty where there is nothing to compare. ``cumulative`` has a row for each
    edge, where finite values are compared, and ``divisions`` one for each way to divide the cells.
    """

    cells: Sequence[Cell]
    steps: Mapping[str, Step]
    divisions: Sequence[DivisionRow]
    divergence: Sequence[float] = ()
    stability: Sequence[float] = ()
    cumulative: Sequence[CumulativeRow] = ()

    def agrees(self, name: str, shown: object) -> bool:
        """Return whether a shown number is the one that was computed, to its four digits."""
        step = self.steps.get(name)
        if step is None or not isinstance(shown, int | float):
            return step is not None and step.value is shown
        if step.value is None or isinstance(step.value, bool) or isinstance(shown, bool):
            return step.value is shown
        unit = 10.0 ** (floor(log10(abs(shown))) + 1 - _DIGITS) if shown else 0.0
        return abs(step.value - shown) <= max(unit / 2 * (1 + _ROUNDING), _ROUNDING)


def shown_numbers(score: Score) -> list[tuple[str, Any]]:
    """Return the numbers that a line shows of a score, with the names of their steps.

    Lines of earlier versions have fewer. A distance that a line has twice is there twice where the
    two differ.
    """
    limits = {"floor": score.floor, "smallest visible": score.smallest_visible}
    numbers = [
        (score.metric, score.value),
        (_band(score.metric), score.null_band),
        *((name, limit) for name, limit in limits.items() if limit is not None),
    ]
    if (score.metric, score.value) != ("js", score.js):
        numbers.append(("js", score.js))
    for measure, each in score.also.items():
        numbers += zip((measure, _band(measure)), each, strict=True)
    if score.e_value is not None:
        numbers.append(("e_value", score.e_value))
    return [*numbers, ("enough_data", score.enough_data)]


def score_by_hand(
    reference: FeatureReference, snapshot: JsonMapping, *, private: bool = False
) -> HandScore:
    """Compute the numbers of a score from a snapshot over the reference's cells.

    Cells of a ``private`` feature are numbered in the place of their values. Raises ``ValueError``
    for a snapshot over other cells.
    """
    cells = counted_cells(reference, snapshot, private=private)
    rows, documents = _totals(cells)
    numeric = isinstance(reference, NumericReference)
    divisions = division_rows(reference, cells, private=private)
    evidence = evidence_step(divisions)
    if not rows or not documents:
        nothing = _nothing("ks" if numeric else "js", rows)
        return HandScore(cells, _by_name([*nothing, evidence]), divisions)
    steps = [*divergence_steps(cells, rows, documents), *stability_steps(cells, rows, documents)]
    table: Sequence[CumulativeRow] = ()
    metric = "js"
    if isinstance(reference, NumericReference):
        finite = [cell for cell in cells if not cell.outside]
        if all(_totals(finite)):
            metric = "ks"
            table, further = _cumulative(reference, snapshot, finite, private=private)
            steps += further
    else:
        steps += new_share_steps(cells[-1], rows, documents)
    enough = _enough_data(_by_name(steps), metric, documents)
    return HandScore(
        cells=cells,
        steps=_by_name([*steps, *_limits(metric, rows), evidence, enough]),
        divisions=divisions,
        divergence=divergence_terms(cells),
        stability=stability_terms(cells),
        cumulative=table,
    )


def _cumulative(
    reference: NumericReference, snapshot: JsonMapping, finite: Sequence[Cell], *, private: bool
) -> tuple[list[CumulativeRow], list[Step]]:
    """Return the shares below each edge, and what is computed from them."""
    rows, documents = _totals(finite)
    sums = {"total": reference.total, "total_squares": reference.total_squares}
    expected = Moments.of(sums, rows, reference.quantum)
    table = cumulative_rows(reference, finite, expected.deviation, private=private)
    steps = [*smirnov_steps(table, rows, documents)]
    if expected.deviation:
        observed = Moments.of(snapshot, documents, reference.quantum)
        steps += wasserstein_steps(table, expected, observed, rows, documents)
    return table, steps


def _nothing(metric: str, rows: int) -> list[Step]:
    """Return the steps where one side has no documents."""
    nothing = "nothing to compare on one side"
    return [
        Step(metric, None, nothing),
        Step(_band(metric), 1.0, nothing),
        Step("js", None, nothing),
        *_limits(metric, rows),
        Step("enough_data", value=False, formula=nothing),
    ]


def _enough_data(steps: Mapping[str, Step], metric: str, documents: int) -> Step:
    """Return whether there is enough to say something, or the distance is plain anyway."""
    distances = {
        name: (steps[name].value or 0.0, steps[_band(name)].value or 0.0)
        for name in dict.fromkeys((metric, "js"))
    }
    band = distances[metric][1]
    precise = documents >= _ENOUGH_DOCUMENTS and band <= _ENOUGH_BAND
    plain = [name for name, (value, within) in distances.items() if value > _PLAIN * within]
    formula = (
        f"{documents} documents of {_ENOUGH_DOCUMENTS}, and the {metric} null band "
        f"{number(band)} of at most {_ENOUGH_BAND}; or a distance above twice its null band: "
        f"{', '.join(plain) or 'none'}"
    )
    return Step("enough_data", precise or bool(plain), formula)


def _limits(metric: str, rows: int) -> list[Step]:
    """Return the distances of two even splits: so far apart is none, and so far is visible."""
    far = min(_EFFECT_FLOOR + sqrt(_VISIBLE / rows), pi) if rows else pi
    reach = f"h = {_EFFECT_FLOOR} + √({_VISIBLE} / {rows}), at most π = {number(far)}"
    if metric == "ks":
        visible = sin(min(far, pi / 2)) / 2
        return [
            Step("floor", sin(_EFFECT_FLOOR) / 2, f"½ sin {_EFFECT_FLOOR} (radians)"),
            Step("smallest visible", visible, f"½ sin h (radians, at most π/2); {reach}"),
        ]
    scale = sqrt(8 * log(2))
    return [
        Step("floor", _EFFECT_FLOOR / scale, f"{_EFFECT_FLOOR} / √(8 ln 2)"),
        Step("smallest visible", min(far / scale, 1.0), f"h / √(8 ln 2), at most 1; {reach}"),
    ]


def _totals(cells: Sequence[Cell]) -> tuple[int, int]:
    return sum(cell.rows for cell in cells), sum(cell.documents for cell in cells)


def _by_name(steps: Sequence[Step]) -> dict[str, Step]:
    return {step.name: step for step in steps}


def _band(measure: str) -> str:
    return f"{measure} null band"

"""The smallest shift that a reference of so many rows can show, in units that people know."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, pi, sin
from typing import TYPE_CHECKING

from scipy.special import ndtri

from guards.drift.measures import smallest_visible

if TYPE_CHECKING:
    from guards.drift.alarm.series import SeriesReference

__all__ = ["SmallestVisible", "visible_shift"]


@dataclass(frozen=True, slots=True)
class SmallestVisible:
    """The smallest shift that is found at all, with endless traffic; smaller ones stay unseen.

    ``effect`` is on the arcsine scale. ``points`` is a shift of a share of one half, in percentage
    points; other shares need fewer. ``deviations`` is a shift of a normal distribution, in
    standard deviations; None for categories.
    """

    effect: float
    points: float
    deviations: float | None


def visible_shift(reference: SeriesReference) -> SmallestVisible:
    """Return the smallest visible shift of a series.

    A share of one half moves by sin(e)/2. A normal distribution that moves by d deviations moves
    the share below the middle between both places by 2Φ(d/2) - 1 = sin(e/2), and no other share by
    a larger effect. Where e has no room, points are 50 and deviations infinite.
    """
    effect = smallest_visible(int(reference.counts.sum()))
    points = 100 * sin(min(effect, pi / 2)) / 2
    if reference.kind == "categorical":
        return SmallestVisible(effect, points, None)
    deviations = 2 * float(ndtri((1 + sin(effect / 2)) / 2)) if effect < pi else inf
    return SmallestVisible(effect, points, deviations)

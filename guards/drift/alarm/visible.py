"""The smallest shift that a reference of so many rows can show, in units that people know."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, pi, sin, sqrt
from typing import TYPE_CHECKING

from scipy.special import ndtri

from guards.drift.alarm.rule import FLOOR

if TYPE_CHECKING:
    from guards.drift.alarm.series import SeriesReference

__all__ = ["SmallestVisible", "smallest_visible", "visible_shift"]

_EVIDENCE = 36.0
"""Twice the logarithm of a threshold over the starts of some hours, spread over a series' splits:
with endless traffic M·(shift - floor)²/2 must exceed it."""


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


def smallest_visible(rows: int, floor: float = FLOOR) -> float:
    """Return the smallest visible shift on the arcsine scale: floor + √(36/m) for m ``rows``."""
    return floor + sqrt(_EVIDENCE / max(rows, 1))


def visible_shift(reference: SeriesReference, floor: float = FLOOR) -> SmallestVisible:
    """Return the smallest visible shift of a series.

    A share of one half moves by sin(e)/2. A normal distribution that moves by d deviations moves
    the share below the middle between both places by 2Φ(d/2) - 1 = sin(e/2), and no other share by
    a larger effect. Where e has no room, points are 50 and deviations infinite.
    """
    effect = smallest_visible(int(reference.counts.sum()), floor)
    points = 100 * sin(min(effect, pi / 2)) / 2
    if reference.kind == "categorical":
        return SmallestVisible(effect, points, None)
    deviations = 2 * float(ndtri((1 + sin(effect / 2)) / 2)) if effect < pi else inf
    return SmallestVisible(effect, points, deviations)

"""Whether the smallest visible shift is what it is said to be, for a small reference.

Shifts of a multiple of it are looked for over thirty days of much traffic.
"""

from __future__ import annotations

import numpy as np

from guards.drift.alarm.series import SeriesReference
from guards.drift.alarm.visible import visible_shift
from guards.sequential.starts import HORIZON_MINUTES
from load_tests.drift.changes import Change, category, numeric
from load_tests.drift.delays import rule_delay
from load_tests.drift.false_alarms import Setting

__all__ = ["FACTORS", "ROWS", "print_sizes", "share_found"]

ROWS = 2000
FACTORS = (0.5, 0.75, 1.0, 1.25, 1.5)
_DOCUMENTS = 1000
_HALF = 0.5


def share_found(change: Change, seeds: int, minutes: int = HORIZON_MINUTES) -> float:
    """Return in which share of the seeds a change is found, with a reference of 2,000 rows."""
    delays = [rule_delay(change, Setting(_DOCUMENTS, ROWS), seed, minutes) for seed in range(seeds)]
    return float(np.isfinite(delays).mean())


def print_sizes(seeds: int) -> int:
    """Print which share of shifts is found, and return how many are on the wrong side of a half.

    Shifts of half the size should not be found, and those of one and a half times it should.
    """
    cells = np.full(2, ROWS // 2)
    ordered = visible_shift(SeriesReference("ordered", cells, 0, 0))
    categorical = visible_shift(SeriesReference("categorical", cells, 0, 0))
    deviations = ordered.deviations or 0.0
    wrong = 0
    print(f"reference of {ROWS:,} rows, {_DOCUMENTS:,} documents a minute, 30 days")
    print(f"smallest visible: {categorical.points:.1f} points, {deviations:.3f} SD")
    for factor in FACTORS:
        changes = (
            category(0.5, factor * categorical.points / 100),
            numeric(factor * deviations),
        )
        for change in changes:
            found = share_found(change, seeds)
            is_found = found > _HALF
            wrong += is_found != (factor > 1) and factor in {FACTORS[0], FACTORS[-1]}
            print(f"{factor:g} times it, {change.name}: found in {found:.0%} of {seeds} seeds")
    return wrong

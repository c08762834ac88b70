"""Fifteen pairs of causes at once: whether both are among the first three findings."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from load_tests.diagnosis.causes import CAUSES, Cause
from load_tests.diagnosis.documents import CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from guards.diagnosis.findings import DiagnosisFinding
    from guards.json_types import JsonObject
    from load_tests.diagnosis.measuring import Measurement

__all__ = ["MAX_MISSED", "PAIRS", "PER_HOUR", "print_pairs", "together"]

PER_HOUR = 60
"""Documents an hour, on average: the smaller cause of a pair must be beyond chance, too."""

_FIRST = 3
MAX_MISSED = 2
"""Of the fifteen pairs."""

_PAIRED = (
    *("category renamed", "missing values", "mix of classes"),
    *("meaning of a label", "less confident bundle", "longer texts"),
)
"""Of other pairs one hides the other: both alter one column, or one leaves nothing to compare."""

PAIRS = tuple(combinations([cause for cause in CAUSES if cause.name in _PAIRED], 2))


def together(first: Cause, second: Cause) -> Cause:
    """Return a cause that does what both do."""
    return replace(
        first,
        name=f"{first.name}, {second.name}",
        change=_one_after_the_other(first, second),
        classes=second.classes if first.classes == CLASSES else first.classes,
        unsure=first.unsure or second.unsure,
        labels=first.labels or second.labels,
        replayed=first.replayed or second.replayed,
    )


def print_pairs(measurement: Measurement, pairs: Sequence[tuple[Cause, Cause]] = PAIRS) -> int:
    """Print the first three findings of each pair, and return how many pairs are not both there."""
    missed = 0
    for first, second in pairs:
        both = together(first, second)
        findings = measurement.diagnosis(both).findings[:_FIRST]
        codes = {finding.code for finding in findings}
        is_met = {first.finding[0], second.finding[0]} <= codes
        missed += not is_met
        told = "; ".join(map(_told, findings)) or "none"
        print(f"{both.name:<44} {'ok' if is_met else 'missed':<7} {told}", flush=True)
    print(f"{len(pairs) - missed} of {len(pairs)} pairs are among the first three findings")
    return missed


def _one_after_the_other(
    first: Cause, second: Cause
) -> Callable[[JsonObject, np.random.Generator], None]:
    def change(document: JsonObject, generator: np.random.Generator) -> None:
        for cause in (first, second):
            if cause.change is not None:
                cause.change(document, generator)

    return change


def _told(finding: DiagnosisFinding) -> str:
    restored = "unknown" if finding.restores is None else f"{finding.restores.share:.0%}"
    return f"{finding.code}: {finding.subject} {restored}"

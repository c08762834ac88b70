"""How many minutes a change takes to be found, beside what cannot be beaten and what others need.

The oracle is Page's CUSUM (1954), told what the shares were and what they become, at the same
error: ``log(F T / .05)`` for F series and T minutes. *Always* alarms at once in every month with or
without drift, and *never* does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.drift.alarm.events import Raised
from guards.drift.alarm.rule import ALPHA, AlarmRule
from guards.drift.alarm.series import SeriesReference
from guards.sequential.starts import HORIZON_MINUTES
from load_tests.drift.changes import CHANGES
from load_tests.drift.false_alarms import Setting
from load_tests.drift.peers import REFERENCE_ROWS, WATCHED, peer_delays, scores_for, threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from load_tests.drift.changes import Change

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["WINDOWS", "Delays", "measure", "oracle_delay", "print_delays", "rule_delay"]

WINDOWS = (50, 200, 1000)

_QUIET = 300
_LONGEST = 10_000
_UNSEEN = 1 / REFERENCE_ROWS
"""The share that the oracle takes a value to have had of which there was none."""


class Delays(NamedTuple):
    """Median minutes until a change is found."""

    ours: float
    oracle: float
    peers: dict[str, float]


def rule_delay(change: Change, setting: Setting, seed: int, minutes: int = _LONGEST) -> float:
    """Return after how many minutes the rule finds a change, after some quiet hours; inf if never.

    An alarm before the change counts as never.
    """
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(setting.rows, change.before)
    reference = SeriesReference(change.kind, counts[:-2], *counts[-2:].tolist())
    rule = AlarmRule({"series": reference}, watched=WATCHED)
    quiet = _QUIET + int(rng.integers(64))
    for minute in range(quiet + minutes):
        drawn = rng.multinomial(
            setting.documents, change.before if minute < quiet else change.after
        )
        if any(isinstance(event, Raised) for event in rule.look(minute, {"series": drawn})):
            return minute + 1 - quiet if minute >= quiet else np.inf
    return np.inf


def oracle_delay(change: Change, documents: int, seed: int) -> float:
    """Return after how many minutes the oracle finds a change, after some quiet hours."""
    rng = np.random.default_rng(seed)
    before = np.maximum(change.before, _UNSEEN)
    ratio = np.log(np.maximum(change.after, _UNSEEN) / before)
    quiet = rng.multinomial(documents, change.before, size=_QUIET)
    drifted = rng.multinomial(documents, change.after, size=_LONGEST)
    total = 0.0
    for minute, step in enumerate((np.concatenate([quiet, drifted]) @ ratio).tolist()):
        total = max(total, 0.0) + step
        if minute >= _QUIET and total >= np.log(WATCHED * HORIZON_MINUTES / ALPHA):
            return minute + 1 - _QUIET
    return np.inf


def measure(change: Change, documents: int, seeds: int) -> Delays:
    """Measure one change at so many documents a minute."""
    setting = Setting(documents, REFERENCE_ROWS)
    peers = {
        name: peer_delays(
            score, threshold(score, change, documents, seed=0), change, documents, seeds
        )
        for name, score in scores_for(change).items()
    }
    return Delays(
        float(np.median([rule_delay(change, setting, seed) for seed in range(seeds)])),
        float(np.median([oracle_delay(change, documents, seed) for seed in range(seeds)])),
        {name: float(np.median(delays)) for name, delays in peers.items()},
    )


def print_delays(seeds: int) -> int:
    """Print the table, and return how many rows miss their target."""
    print("median minutes to find a change; the reference has 20,000 rows, the floor is .03")
    print("always: 1, with a false alarm in every month; never: no change is found")
    missed = 0
    for change in CHANGES:
        for documents in WINDOWS:
            found = measure(change, documents, seeds)
            missed += not _in_time(change, documents, found)
            peers = ", ".join(f"{name} {delay:,.0f}" for name, delay in found.peers.items())
            print(
                f"{change.name:<20}{documents:>6,} documents a minute: {found.ours:>7,.0f}"
                f"  oracle {found.oracle:>4,.0f}  recalibrated {peers}"
                f"{'' if _in_time(change, documents, found) else '  MISSED'}",
                flush=True,
            )
    return missed


def _in_time(change: Change, documents: int, found: Delays) -> bool:
    """Return whether the rule is within its multiple of the oracle, and close to the peers."""
    times = 18 if change.name == "numeric 0.1 SD" else 5
    near = all(
        found.ours < peer
        if documents == WINDOWS[0]
        else documents < WINDOWS[-1] or found.ours <= peer + 4
        for peer in found.peers.values()
    )
    compared = change.name in {"numeric 0.2 SD", "numeric 0.5 SD", "category +10 points"}
    return found.ours <= times * found.oracle + 1 and (near or not compared)

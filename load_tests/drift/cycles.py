"""A share with a daily cycle and autocorrelation: false alarms and delays, untaught and taught."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.drift.alarm.events import Raised
from guards.drift.alarm.rule import AlarmRule
from guards.drift.alarm.series import SeriesReference
from guards.drift.teaching import WEEK, taught_reference
from load_tests.drift.streams import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["PATTERNS", "WATCHED", "Pattern", "Run", "first_alarm", "print_cycles"]

WATCHED = 30
_SHARE = 0.2
_OTHERS = 8
_TAUGHT_WEEKS = 4
_PERSISTENCE = 0.98


@dataclass(frozen=True, slots=True)
class Pattern:
    """How the share of a 20 % category moves: ± ``cycle`` in a day, and an AR(1) process.

    ``noise`` is the process's standard deviation; its autocorrelation from one minute to the next
    is .98.
    """

    name: str
    cycle: float
    noise: float


PATTERNS = (
    Pattern("cycle of ±10 points", 0.1, 0.0),
    Pattern("AR(1) of 2 points", 0.0, 0.02),
    Pattern("both", 0.1, 0.02),
)


class Run(NamedTuple):
    """A pattern at so many ``documents`` a minute, whose share has changed by ``change``."""

    pattern: Pattern
    documents: int
    change: float = 0.0


def first_alarm(run: Run, seed: int, days: int, *, taught: bool) -> int | None:
    """Return after how many minutes an alarm is raised; None if none is.

    Four good weeks come before: the rule is told what they teach, or else has an untaught reference
    of 20,000 of their documents.
    """
    rng = np.random.default_rng(seed)
    before = _TAUGHT_WEEKS * WEEK
    shares = _shares(run.pattern, before + days * DAY, rng)
    shares[before:] += run.change
    counts = _counts(shares, run.documents, rng)
    if taught:
        reference = taught_reference("categorical", np.arange(before), counts[:before])
    else:
        rows = rng.multivariate_hypergeometric(counts[:before].sum(axis=0), 20_000, method="count")
        reference = SeriesReference("categorical", rows[:-2], 0, 0)
    rule = AlarmRule({"category": reference}, watched=WATCHED)
    for minute in range(days * DAY):
        hour = minute % WEEK // 60
        events = rule.look(minute, {"category": counts[before + minute]}, hour)
        if any(isinstance(event, Raised) for event in events):
            return minute + 1
    return None


def print_cycles(seeds: int, days: int) -> int:
    """Print false alarms and delays, and return how many taught runs raised a false one."""
    few = max(seeds // 5, 1)
    false = 0
    for documents, pattern in product((50, 1000), PATTERNS):
        run = Run(pattern, documents)
        title = f"{pattern.name}, {documents:,} documents a minute"
        for taught, runs in ((False, few), (True, seeds)):
            found = [first_alarm(run, seed, days, taught=taught) for seed in range(runs)]
            alarmed = sum(minute is not None for minute in found)
            false += taught * alarmed
            words = "taught" if taught else "untaught"
            print(f"{title}, {words}: {alarmed} of {runs} runs of {days} days alarm", flush=True)
        for change in (0.05, 0.1):
            changed = run._replace(change=change)
            delays = [first_alarm(changed, seed, days, taught=True) for seed in range(few)]
            median = np.median([np.inf if delay is None else delay for delay in delays])
            points = f"+{change * 100:.0f} points"
            print(f"{title}, taught: {points} found after {median:,.0f} minutes", flush=True)
    return false


def _shares(pattern: Pattern, minutes: int, rng: np.random.Generator) -> Floats:
    wandering = np.empty(minutes)
    value = rng.normal()
    steps = rng.normal(size=minutes) * np.sqrt(1 - _PERSISTENCE**2)
    for minute, step in enumerate(steps.tolist()):
        value = _PERSISTENCE * value + step
        wandering[minute] = value
    cycle = pattern.cycle * np.sin(2 * np.pi * np.arange(minutes) / DAY)
    return _SHARE + cycle + pattern.noise * wandering


def _counts(shares: Floats, documents: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return counts of the category, eight others that share the rest, and no missing value."""
    first = rng.binomial(documents, np.clip(shares, 0, 1))
    others = rng.multinomial(documents - first, np.full(_OTHERS, 1 / _OTHERS))
    return np.column_stack([first, others, np.zeros((len(first), 2), dtype=np.int64)])

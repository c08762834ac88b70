"""Months without drift: how often an alarm is raised, and whether the pre-screen decides the same.

Six settings, of windows of 50, 200 and 1,000 documents and references of 2,000 and 20,000 rows,
take turns over the seeds.
"""

from __future__ import annotations

import time
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.drift.alarm.rule import AlarmRule
from load_tests.drift.streams import DAY, Series, days_of, thirty

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "SETTINGS",
    "Month",
    "Setting",
    "disagreements",
    "month",
    "print_agreement",
    "print_months",
]


class Setting(NamedTuple):
    """Documents a minute, and rows of the reference."""

    documents: int
    rows: int


class Month(NamedTuple):
    """The alarms of one seed's days without drift."""

    seed: int
    setting: Setting
    alarms: tuple[str, ...]


SETTINGS = tuple(Setting(*pair) for pair in product((50, 200, 1000), (2000, 20_000)))


def month(seed: int, days: int) -> Month:
    """Simulate so many days of thirty series without drift."""
    setting = SETTINGS[seed % len(SETTINGS)]
    rng = np.random.default_rng(seed)
    series = thirty(setting.rows, rng)
    rule = AlarmRule({name: each.reference for name, each in series.items()})
    alarms: list[str] = []
    for minute, counts in enumerate(days_of(series, setting.documents, days, rng)):
        alarms += [f"{event.series} in minute {minute}" for event in rule.look(minute, counts)]
    return Month(seed, setting, tuple(alarms))


def disagreements(seed: int, minutes: int) -> tuple[int, int]:
    """Return at how many looks the full rule decides otherwise, and how many alarms there were.

    Both rules see the same minutes. For their second half two series have drifted and one has a
    value that was never seen, so that there is something to decide.
    """
    setting = SETTINGS[seed % len(SETTINGS)]
    rng = np.random.default_rng(seed)
    series = thirty(setting.rows, rng)
    drifted = dict(series)
    for name in ("numeric 0", "numeric 3", "categorical 0"):
        shares = 0.98 * np.roll(series[name].shares, 1) + 0.02 * np.roll(series[name].shares, 5)
        drifted[name] = Series(shares, series[name].reference)
    references = {name: each.reference for name, each in series.items()}
    rules = [AlarmRule(references, prescreen=screen) for screen in (True, False)]
    days = minutes // DAY + 1
    streams = [days_of(each, setting.documents, days, rng) for each in (series, drifted)]
    differed = alarms = 0
    for minute in range(minutes):
        counts = next(streams[minute >= minutes // 2])
        screened, full = ([str(event) for event in rule.look(minute, counts)] for rule in rules)
        differed += screened != full
        alarms += len(full)
    return differed, alarms


def print_agreement(seeds: Iterable[int], minutes: int) -> int:
    """Print how often the pre-screened and the full rule differ, and return it."""
    total = 0
    for seed in seeds:
        differed, alarms = disagreements(seed, minutes)
        total += differed
        print(f"seed {seed}: {differed} of {minutes} looks differ, {alarms} events", flush=True)
    return total


def print_months(seeds: Iterable[int], days: int) -> int:
    """Print each seed's alarms, and return how many seeds had one."""
    started, alarmed = time.monotonic(), 0
    for seed in seeds:
        found = month(seed, days)
        alarmed += bool(found.alarms)
        documents, rows = found.setting
        minutes = (time.monotonic() - started) / 60
        words = ", ".join(found.alarms) or "no alarm"
        print(
            f"seed {seed:>3}: {days} days, {documents:>5,} documents a minute, reference of "
            f"{rows:>6,} rows: {words} ({minutes:.1f} min so far)",
            flush=True,
        )
    return alarmed

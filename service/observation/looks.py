"""Joins what windows counted until the next look, once a minute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.drift.sketch import merge
from guards.drift.taught import HOURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.events.drift_window import DriftWindow
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["CHAMPION_COUNTS", "Look", "Looks"]

CHAMPION_COUNTS = ""
"""The key of what was counted of inputs and the champion; challengers have their id."""

_MINUTE_S = 60.0
_OF_CHAMPION = ("features", "answers", "unseen", "segments")
_OF_CHALLENGER = ("features", "compared", "disagreements")


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at together.

    ``minute`` is of the monotonic clock, since the first look, and ``hour`` that of the week, in
    which the last window lay. ``counts`` are what alarms look at, by variant.
    """

    minute: int
    hour: int
    counts: Mapping[str, JsonObject]

    @property
    def champion(self) -> JsonObject:
        """What was counted of inputs and the champion."""
        return self.counts[CHAMPION_COUNTS]

    @property
    def challengers(self) -> Mapping[str, JsonMapping]:
        """What was counted of each challenger, by id."""
        return {key: counts for key, counts in self.counts.items() if key != CHAMPION_COUNTS}

    def features(self, variant: str) -> Mapping[str, JsonMapping]:
        """Return the features of a variant, empty where nothing was counted of it."""
        of_variant: Mapping[str, JsonMapping] = self.counts.get(variant, {}).get("features", {})
        return of_variant


class Looks:
    """Windows that end within a minute are looked at together once it is over.

    A look at each would be more looks than the error is divided by.
    """

    def __init__(self) -> None:
        """Start without windows."""
        self._counts: dict[str, JsonObject] = {}
        self._hour = 0
        self._started_s: float | None = None
        self._looked = -1

    @property
    def waiting(self) -> bool:
        """Whether there are windows that were not looked at yet."""
        return bool(self._counts)

    def add(self, window: DriftWindow | None, now_s: float) -> Look | None:
        """Add a window, if there is one, and return what is to be looked at now.

        ``now_s`` is that of a monotonic clock.
        """
        if self._started_s is None:
            self._started_s = now_s
        minute = int((now_s - self._started_s) / _MINUTE_S)
        if window is not None:
            self._hour = window.week_minute // 60 % HOURS
            for key, part in _by_variant(window).items():
                self._counts[key] = merge(self._counts.get(key, {}), part)
        if minute <= self._looked or not self._counts:
            return None
        self._looked = minute
        counts, self._counts = self._counts, {}
        return Look(minute, self._hour, counts)


def _by_variant(window: DriftWindow) -> dict[str, JsonObject]:
    """Return the counts of a window that alarms look at, by variant."""
    counts = window.counts
    parts = {CHAMPION_COUNTS: {name: counts[name] for name in _OF_CHAMPION}}
    for key, challenger in counts["challengers"].items():
        parts[key] = {name: challenger[name] for name in _OF_CHALLENGER}
    return parts

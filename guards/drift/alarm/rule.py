"""The rule that raises and clears alarms: one look a minute at counts of all series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from guards.drift.alarm.arcsine import angle
from guards.drift.alarm.bank import Bank
from guards.drift.alarm.events import Cleared, Raised
from guards.drift.alarm.evidence import Bound, Sample, log_terms, mean_term
from guards.drift.measures import EFFECT_FLOOR
from guards.sequential.starts import HORIZON_MINUTES, LEVELS, LIVING_ON, SPACINGS, Starts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from guards.drift.alarm.bank import Observed
    from guards.drift.alarm.events import Event
    from guards.drift.alarm.series import SeriesReference

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["ALPHA", "FLOOR", "AlarmRule", "log_thresholds"]

ALPHA = 0.05
"""The largest expected number of false alarms in any 30 days, over all series together."""

FLOOR = EFFECT_FLOOR
"""Shifts up to it, on the arcsine scale, are part of the null hypothesis."""

_DAY = 1440
_HOUR = 60
_CHANCE = 0.05
_ROUNDING = 1e-6
"""What the bound may lose to rounding; a hundred million documents cost an e-value's logarithm a
tenth of it."""


def log_thresholds(watched: int) -> Floats:
    """Return the logarithm of the e-value that each level's starts must reach, float64 [16].

    E ≥ 1.15·(F/ALPHA)·16·T/g for F ``watched`` series and a start every g of T = 43,200 minutes:
    by Ville's inequality (1939) for each start, and a union over starts, levels and series.
    """
    return np.log(LIVING_ON * watched / ALPHA * LEVELS * HORIZON_MINUTES / SPACINGS)


class AlarmRule:
    """Watches series by name, each against its reference.

    ``watched`` is the number of series over which the error is divided, at least as many as there
    are; None stands for these alone. Without ``prescreen`` every e-value is computed at every look,
    which takes some hundred times as long and decides the same.

    The promise holds for one rule: for the counts of one replica, or for counts that were summed
    over all replicas before they are looked at.
    """

    def __init__(
        self,
        series: Mapping[str, SeriesReference],
        *,
        watched: int | None = None,
        floor: float = FLOOR,
        prescreen: bool = True,
    ) -> None:
        if not series:
            message = "an alarm rule needs at least one series"
            raise ValueError(message)
        self._names = tuple(series)
        self._widths = [len(reference.counts) for reference in series.values()]
        self._bank = Bank(tuple(series.values()))
        self._starts = Starts(self._bank.width, np.float64)
        self._floor = floor
        self._prescreen = prescreen
        self.log_thresholds = log_thresholds(max(watched or 0, len(series)))
        self._bound: Bound | None = None
        self._raised: dict[int, Raised] = {}
        # The fewest documents that showed what was raised.
        self._enough: dict[int, float] = {}
        # When a series may be raised (again), and by which starts: those of after its clearing.
        self._next_raise = np.full(len(series), -1)
        self._first_start = np.zeros(len(series), dtype=np.int64)

    @property
    def raised(self) -> dict[str, Raised]:
        """The alarms in force, by series."""
        return {event.series: event for event in self._raised.values()}

    def look(self, minute: int, counts: Mapping[str, Ints], hour: int = 0) -> list[Event]:
        """Add the counts of a minute, and return which alarms they raise or clear.

        ``minute`` counts whole minutes of a monotonic clock from any origin that is not negative.
        Minutes without a look make the starts older. Counts of a minute that was looked at already,
        or is past, are added to the latest. ``counts`` are int64 [cells + 2] by series; a series
        may be absent. ``hour`` is the hour of the week, 0 to 167, for references by hour. Raises
        ``ValueError`` for counts over other cells.
        """
        self._starts.push(minute, self._bank.vector(self._aligned(counts), hour))
        starts, sums = self._starts.one_of_each_level()
        observed = self._bank.observed(sums)
        events: list[Event] = []
        for series in list(self._raised):
            events += self._clearing(series, starts, observed)
        for series, levels in sorted(self._candidates(starts, observed).items()):
            events += self._raising(series, levels, starts, sums, observed)
        return events

    def _aligned(self, counts: Mapping[str, Ints]) -> list[Ints]:
        aligned = []
        for name, width in zip(self._names, self._widths, strict=True):
            row = counts.get(name)
            if row is None:
                row = np.zeros(width, dtype=np.int64)
            elif len(row) != width:
                message = f"{name} has counts of {width} cells, found {len(row)}"
                raise ValueError(message)
            aligned.append(row)
        return aligned

    def _candidates(self, starts: Ints, observed: Observed) -> dict[int, list[int]]:
        """Return the levels at which each series may have the evidence for an alarm."""
        allowed = (starts >= 0)[:, None] & (starts[:, None] >= self._first_start)
        allowed &= self._next_raise <= self._starts.minute
        if self._raised:
            allowed[:, list(self._raised)] = False
        if self._prescreen:
            needed = (self.log_thresholds - _ROUNDING)[:, None]
            documents = observed.documents[:, self._bank.series]
            reached = self._bounded(observed).reaches(observed.successes, documents, needed)
            reached &= allowed[:, self._bank.series]
            found = np.nonzero(reached)
            levels, series = found[0], self._bank.series[found[1]]
        else:
            levels, series = np.nonzero(allowed)
        candidates: dict[int, list[int]] = {}
        for level, of in sorted(set(zip(levels.tolist(), series.tolist(), strict=True))):
            candidates.setdefault(of, []).append(level)
        return candidates

    def _bounded(self, observed: Observed) -> Bound:
        """Return the bound, which is the same at every look unless references have hours."""
        if self._bound is None or self._bank.by_hour:
            rows = observed.rows[:, self._bank.series]
            self._bound = Bound.of(observed.shares, rows, self._floor, self._bank.one_sided)
        return self._bound

    def _raising(
        self, series: int, levels: list[int], starts: Ints, sums: Floats, observed: Observed
    ) -> list[Event]:
        """Raise a series at the start that is furthest above its threshold, if there is one."""
        terms = [self._terms(series, level, observed) for level in levels]
        evidence = [mean_term(each) for each in terms]
        beyond = np.array(evidence) - self.log_thresholds[levels]
        best = int(beyond.argmax())
        if beyond[best] < 0:
            return []
        level = levels[best]
        columns = self._bank.columns[series]
        side, split = _strongest(terms[best])
        documents = observed.documents[level, series]
        event = Raised(
            series=self._names[series],
            minute=self._starts.minute,
            start_minute=int(starts[level]),
            minutes=self._starts.minute + 1 - int(starts[level]),
            documents=int(documents),
            log_evidence=evidence[best],
            log_threshold=float(self.log_thresholds[level]),
            split=self._bank.partitions[series][split],
            direction="down" if side else "up",
            share=float(observed.successes[level, columns[split]] / documents),
            reference_share=float(_at(observed.shares, level)[columns[split]]),
            counts=self._bank.counts(sums[level], series),
        )
        self._raised[series] = event
        shown = np.array(levels)[beyond >= 0]
        self._enough[series] = observed.documents[shown, series].min()
        self._next_raise[series] = event.minute + _DAY
        return [event]

    def _terms(self, series: int, level: int, observed: Observed) -> Floats:
        columns = self._bank.columns[series]
        sample = Sample(
            observed.successes[level, columns],
            float(observed.documents[level, series]),
            _at(observed.shares, level)[columns],
            float(observed.rows[level, series]),
            self._bank.one_sided[columns],
        )
        return log_terms(sample, self._floor)

    def _clearing(self, series: int, starts: Ints, observed: Observed) -> list[Event]:
        """Clear an alarm whose series shows no effect in the last hour or longer.

        Asked is the youngest start since the alarm that is at least an hour old and has twice the
        documents that were enough to raise it: with fewer, an effect that is still there might not
        show.
        """
        event, minute = self._raised[series], self._starts.minute
        documents = observed.documents[:, series]
        ages = minute + 1 - starts
        able = (starts >= event.minute) & (ages >= _HOUR) & (documents >= 2 * self._enough[series])
        if not able.any():
            return []
        level = int(able.argmax())
        effect = self._effect(series, level, observed)
        noise = 1 / documents[level] + 1 / observed.rows[level, series]
        quantile = -ndtri(_CHANCE / (2 * len(self._bank.columns[series])))
        if effect - quantile * np.sqrt(noise) > self._floor / 2:
            return []
        del self._raised[series]
        self._first_start[series] = minute
        return [Cleared(event.series, minute, int(ages[level]), int(documents[level]), effect)]

    def _effect(self, series: int, level: int, observed: Observed) -> float:
        """Return the largest difference from the reference, over the splits and as angles."""
        columns = self._bank.columns[series]
        share = observed.successes[level, columns] / observed.documents[level, series]
        difference = angle(share) - angle(_at(observed.shares, level)[columns])
        one_sided = self._bank.one_sided[columns]
        return float(np.where(one_sided, difference, np.abs(difference)).max())


def _strongest(terms: Floats) -> tuple[int, int]:
    """Return the side and the split of the largest term."""
    largest = np.nan_to_num(terms, nan=-np.inf).max(axis=1)
    side, split = np.unravel_index(largest.argmax(), largest.shape)
    return int(side), int(split)


def _at(values: Floats, level: int) -> Floats:
    """Return the row of a level, of [16, …] or of [1, …] for all levels."""
    return np.asarray(values[min(level, len(values) - 1)])

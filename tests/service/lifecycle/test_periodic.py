"""When windows are flushed and challengers judged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from service.lifecycle import periodic
from tests.clock import Clock

if TYPE_CHECKING:
    from service.observation.recorder import Recorder


class Told:
    """A recorder that notes when it is flushed and asked, on a clock that sleeping moves."""

    def __init__(self, clock: Clock) -> None:
        self.flushed_s = clock.now
        self.flushes: list[float] = []
        self.reports: list[float] = []
        self._clock = clock

    def flush(self) -> None:
        """Note the time."""
        self.flushed_s = self._clock.now
        self.flushes.append(self._clock.now)

    async def report(self) -> None:
        """Note the time."""
        self.reports.append(self._clock.now)


def run_until(clock: Clock, told: Told, end_s: float, full_at: list[float]) -> None:
    """Flush every minute until the end; at some moments a window is full."""

    async def sleep(seconds: float) -> None:
        wake = clock.now + seconds
        while full_at and full_at[0] <= wake:
            clock.now = full_at.pop(0)
            told.flush()
        clock.now = wake
        if clock.now > end_s:
            raise asyncio.CancelledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(periodic, "time", clock)
        patch.setattr(asyncio, "sleep", sleep)
        recorder: Recorder = told  # type: ignore[assignment]  # what is asked of it
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(periodic.flush_regularly(recorder, 60.0))


def test_windows_end_every_minute() -> None:
    """Each of them is flushed and judged."""
    clock = Clock(0.0)
    told = Told(clock)
    run_until(clock, told, 250.0, [])
    assert told.flushes == told.reports == [60.0, 120.0, 180.0, 240.0]


def test_a_full_window_begins_a_minute_anew() -> None:
    """The window after one that was full is not cut short, and challengers are judged as ever."""
    clock = Clock(0.0)
    told = Told(clock)
    run_until(clock, told, 250.0, [50.0, 130.0])
    assert told.flushes == [50.0, 110.0, 130.0, 190.0, 250.0]
    assert told.reports == [60.0, 120.0, 180.0, 240.0]

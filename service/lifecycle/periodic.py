"""Periodic work while the champion serves."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artifacts.bundle.rechecking import Rechecker
    from guards.errors import Finding
    from service.observation.recorder import Recorder

__all__ = ["flush_regularly", "recheck_until_changed"]


async def flush_regularly(recorder: Recorder, interval_s: float) -> None:
    """Flush the live window and judge the challengers at every interval, until cancelled.

    A window that was flushed for its number of documents begins an interval of windows anew.
    """
    report_s = time.monotonic() + interval_s
    while True:
        now_s, flush_s = time.monotonic(), recorder.flushed_s + interval_s
        if now_s < min(flush_s, report_s):
            await asyncio.sleep(min(flush_s, report_s) - now_s)
            continue
        if now_s >= flush_s:
            recorder.flush()
        if now_s >= report_s:
            await recorder.report()
            report_s = time.monotonic() + interval_s


async def recheck_until_changed(rechecker: Rechecker, interval_s: float) -> tuple[Finding, ...]:
    """Compare the preprocessing with the sealed one at every interval; return what changed.

    Does not return while nothing has changed.
    """
    findings: tuple[Finding, ...] = ()
    while not findings:
        await asyncio.sleep(interval_s)
        findings = await asyncio.to_thread(rechecker.recheck)
    return findings

"""How large the report of a diagnosis is, and how soon a browser shows something of it.

``understudy diagnose`` writes it of an invented log whose thirty inputs all move. A Chromium of the
machine opens it without a window, by way of Playwright (the extra ``browser``).
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from load_tests.environments import UNDERSTUDY, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.async_api import Browser

__all__ = ["INPUTS", "BrowserError", "Report", "browser_path", "measure_report", "paints_ms"]

INPUTS = 30
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_LOADS = 10
_LIMIT_S = 60.0
_PAINT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    list.getEntriesByName('first-contentful-paint').forEach((each) => resolve(each.startTime));
  }).observe({type: 'paint', buffered: true});
})"""
"""When the first content was painted, in milliseconds; waits for it where it was not yet."""


class BrowserError(Exception):
    """No browser can open a report here; the message says why."""


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a diagnosis in which ``INPUTS`` inputs moved.

    ``paints_ms`` has a number for each time that it was opened: from the start of the navigation to
    the first contentful paint (W3C, Paint Timing). It is empty where no browser opened it.
    """

    size_bytes: int
    paints_ms: Sequence[float]


async def measure_report(scratch: Path) -> tuple[Report, dict[str, str]]:
    """Write the report into a scratch directory and open it.

    Returns what was not measured, too, with the reason. Raises ``CommandError``.
    """
    log, report = scratch / "wide.jsonl", scratch / "report.html"
    run(sys.executable, "-m", "load_tests.diagnosis.wide_log", log)
    run(UNDERSTUDY, "diagnose", log, "-o", report)
    size_bytes = report.stat().st_size
    try:
        return Report(size_bytes, await paints_ms(report)), {}
    except BrowserError as error:
        return Report(size_bytes, ()), {"first paint of a report": str(error)}


async def paints_ms(report: Path, loads: int = _LOADS) -> list[float]:
    """Open a report so many times in one browser, and return its first contentful paints.

    Each time it is opened in a profile that is new, on a screen of 1280 by 720. Raises
    ``BrowserError``.
    """
    try:
        from playwright.async_api import Error, async_playwright  # noqa: PLC0415 (in an extra)
    except ImportError:
        message = "Playwright is missing: install the extra 'browser'"
        raise BrowserError(message) from None
    path = browser_path()
    try:
        async with asyncio.timeout(_LIMIT_S), async_playwright() as playwright:
            # The page is our own, and a container may not allow what the sandbox needs.
            browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            return [await _paint_ms(browser, report) for _ in range(loads)]
    except TimeoutError:
        message = f"{path} did not paint it {loads} times in {_LIMIT_S:g} s"
        raise BrowserError(message) from None
    except Error as error:
        message = f"{path}: {str(error).splitlines()[0]}"
        raise BrowserError(message) from None


async def _paint_ms(browser: Browser, report: Path) -> float:
    page = await browser.new_page()
    await page.goto(report.as_uri())
    paint_ms = float(await page.evaluate(_PAINT))
    await page.close()
    return paint_ms


def browser_path() -> str:
    """Return the path of a Chromium of this machine; raises ``BrowserError`` without one."""
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        message = f"no browser: none of {', '.join(_BROWSERS)} is on the path"
        raise BrowserError(message)
    return path

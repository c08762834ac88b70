"""The report that the benchmark opens, and what it says where no browser does."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from load_tests.first_paint import INPUTS, BrowserError, browser_path, measure_report, paints_ms

if TYPE_CHECKING:
    from pathlib import Path


def test_without_playwright_the_size_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason says what to install; the report is one in which all inputs moved."""
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)

    report, absent = asyncio.run(measure_report(tmp_path))

    assert absent == {
        "first paint of a report": "Playwright is missing: install the extra 'browser'"
    }
    content = (tmp_path / "report.html").read_bytes()
    assert (report.size_bytes, report.paints_ms) == (len(content), ())
    assert content.count(b"moved by ") == INPUTS


def test_without_a_browser_the_names_are_told_that_were_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the tests of the page in a browser, too."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BrowserError, match=r"none of chromium, .* is on the path"):
        browser_path()


def test_a_browser_that_does_not_start_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names it."""
    _playwright()
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nexit 3\n")
    browser.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with pytest.raises(BrowserError, match=f"^{browser}: "):
        asyncio.run(paints_ms(tmp_path / "report.html"))


def test_a_browser_tells_when_it_painted_each_time(tmp_path: Path) -> None:
    """How soon is the benchmark's to say."""
    _playwright()
    try:
        browser_path()
    except BrowserError as error:
        pytest.skip(str(error))
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>page</title><p>content</p>")

    first, second = asyncio.run(paints_ms(page, loads=2))

    assert first > 0
    assert second > 0


def _playwright() -> None:
    pytest.importorskip(
        "playwright.async_api", reason="Playwright is missing: install the extra 'browser'"
    )

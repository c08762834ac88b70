"""A real browser, where the machine has one."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from load_tests.first_paint import BrowserError, browser_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Chromium without a window; the tests are skipped where it or Playwright is missing.

    It keeps an event loop running, in which no test of another module could run its own.
    """
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is missing: install the extra 'browser'"
    )
    try:
        path = browser_path()
    except BrowserError as error:
        pytest.skip(str(error))
    with sync_api.sync_playwright() as playwright:
        # The pages are our own, and a container may not allow what the sandbox needs.
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core, which looks for barriers; skipped where it is missing."""
    pytest.importorskip(
        "axe_playwright_python", reason="axe-core is missing: install the extra 'browser'"
    )
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

"""The page of a diagnosis in a browser: wide and narrow, light and dark, with and without style."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import pytest

from guards.diagnosis.periods import parse_period
from guards.diagnosis.playbook import diagnose
from guards.diagnosis.report.page import page as as_page
from guards.events.log_table import LogTable
from load_tests.diagnosis.wide_log import BAD, GOOD, write_wide_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

Scheme = Literal["light", "dark"]

URL = "http://report.test/"
WIDE, PHONE, SMALL_PHONE = (1280, 800), (400, 800), (360, 800)
PAPER = (670, 800)
"""As wide as a page of A4 between margins of 17 mm."""
NO_STYLE = "default-src 'none'; style-src 'none'"

BLOCKS = """() => [...document.querySelectorAll('h1,h2,h3,p,dt,dd,caption,th,td,summary')]
  .filter((each) => each.textContent.trim())
  .map((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    const box = range.getBoundingClientRect();
    return {text: each.textContent, left: box.left, right: box.right,
            top: box.top, bottom: box.bottom};
  })"""
"""Where the texts are."""

CUT_OFF = """() => [...document.querySelectorAll('.wide')]
  .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.ariaLabel)"""
"""The tables that are wider than their place."""

OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page of a diagnosis in which thirty inputs moved."""
    periods = parse_period(GOOD, "--good", ()), parse_period(BAD, "--bad", ())
    path = write_wide_log(tmp_path_factory.mktemp("wide") / "log.jsonl")
    with LogTable.read([path]) as log:
        return as_page(diagnose(log, periods), log.account)


@pytest.fixture
def opened(browser: Browser, report: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the page, and what the browser complained of must be nothing."""
    complaints: list[str] = []
    context = browser.new_context()

    def open_page(
        size: tuple[int, int] = WIDE, scheme: Scheme = "light", policy: str | None = None
    ) -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        headers = {"Content-Security-Policy": policy} if policy else {}
        page.route(
            "**/*",
            lambda route: route.fulfill(body=report, content_type="text/html", headers=headers),
        )
        if policy is None:
            page.on("console", lambda message: complaints.append(message.text))
        page.goto(URL)
        return page

    yield open_page
    context.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide and light", "phone and dark"]
)
def test_nothing_keeps_anybody_out(
    opened: Callable[..., Page], axe: str, size: tuple[int, int], scheme: Scheme
) -> None:
    """No rule of axe-core is broken, such as contrast, names of regions and heads of tables."""
    page = opened(size, scheme)
    page.evaluate(axe)
    found = page.evaluate("axe.run({preload: false, resultTypes: ['violations']})")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert len(found["passes"]) > 20


@pytest.mark.parametrize("size", [WIDE, PHONE, SMALL_PHONE], ids=["wide", "phone", "small phone"])
def test_the_page_is_as_wide_as_the_window(
    opened: Callable[..., Page], size: tuple[int, int]
) -> None:
    """Nobody scrolls it sideways, and no table of it either."""
    page = opened(size)
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["phone", "small phone"])
def test_no_name_of_an_input_is_broken(opened: Callable[..., Page], size: tuple[int, int]) -> None:
    """Each is on one line, however narrow the phone."""
    lines = opened(size).evaluate(
        "[...document.querySelectorAll('th[scope=row]')].map((each) => {"
        " const range = document.createRange(); range.selectNodeContents(each);"
        " return [each.textContent, range.getClientRects().length]; })"
    )
    names = {name: count for name, count in lines if name.startswith(("number_", "colour_"))}
    assert len(names) == 30
    assert set(names.values()) == {1}


def test_the_first_screen_is_the_answer_with_the_findings(opened: Callable[..., Page]) -> None:
    """The first finding with what to do; of the others what they restore."""
    page = opened(WIDE)
    box = page.locator(".findings").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= WIDE[1]
    assert page.locator(".findings li").count() == 5
    assert page.locator(".findings dd").first.is_visible()
    phone = opened(PHONE)
    first = phone.locator(".findings li").first.bounding_box()
    assert first is not None
    assert first["y"] + first["height"] <= PHONE[1]


def test_its_own_policy_lets_its_style_apply(opened: Callable[..., Page]) -> None:
    """The same page under a stricter policy has none."""
    size = "getComputedStyle(document.querySelector('h1')).fontSize"
    assert opened().evaluate(size) == "24px"
    assert opened(policy=NO_STYLE).evaluate(size) != "24px"


def test_without_its_style_everything_is_readable_in_order(opened: Callable[..., Page]) -> None:
    """The same texts in the same order, each below or right of the one before it, none over it."""
    styled, plain = opened(), opened(policy=NO_STYLE)
    text = "document.body.textContent"
    assert plain.evaluate(text) == styled.evaluate(text)
    plain.evaluate(OPEN)
    boxes = plain.evaluate(BLOCKS)
    assert len(boxes) > 500
    for before, now in pairwise(boxes):
        assert now["top"] >= before["bottom"] - 2 or now["left"] >= before["right"] - 2, now
    assert plain.evaluate(
        "[...document.querySelectorAll('svg')].every((each) => {"
        " const box = each.getBoundingClientRect();"
        " return !box.width || (box.width <= 360 && box.height <= 140); })"
    )


def test_print_opens_what_is_folded(opened: Callable[..., Page]) -> None:
    """Paper cannot be clicked on."""
    page = opened()
    folded = page.locator(".findings dd").last
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()


def test_paper_has_everything_in_black_and_white(opened: Callable[..., Page]) -> None:
    """No bar is cut off at the edge, and an interval is seen where it lies over its bar."""
    page = opened(PAPER)
    page.emulate_media(media="print")
    assert page.evaluate(CUT_OFF) == []
    bar, interval = (
        page.evaluate(f"getComputedStyle(document.querySelector('.findings {each}')).{look}")
        for each, look in ((".b", "fill"), (".t", "stroke"))
    )
    assert (bar, interval) == ("rgb(187, 187, 187)", "rgb(0, 0, 0)")

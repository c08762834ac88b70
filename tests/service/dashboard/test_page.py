"""The page at ``/`` as a browser is given it."""

import base64
import hashlib
import re
from typing import get_args

import pytest

from guards.evidence.verdict import Decision
from service.dashboard import HEADERS, page

SHOWN = (
    "replica",
    "run",
    "ready",
    "draining",
    "documents",
    "champion",
    "challengers",
    "coverage",
    "confidence",
    "reference_confidence",
    "drift",
    "inputs",
    "window",
    "guard",
    "lost_log_lines",
    "verdict",
    "because",
    "robust_to_missing",
    "honesty",
    "confidence_shift",
    "accuracy",
    "alarms",
    "in_force",
    "last_day",
    "promise",
    "watching",
    "webhook",
    "performance",
    "realised",
    "estimated",
    "since",
)


@pytest.fixture
def html() -> str:
    """Return the page as text."""
    return page().decode("utf-8")


def test_it_is_a_whole_html_document(html: str) -> None:
    """The page is one HTML document that states its language and how it is encoded."""
    assert html.lower().startswith("<!doctype html>")
    assert html.rstrip().endswith("</html>")
    assert '<html lang="en">' in html
    assert '<meta charset="utf-8">' in html


def test_it_needs_nothing_from_elsewhere(html: str) -> None:
    """Nothing is fetched from another address: no style sheet, script, image or font."""
    addresses = re.findall(r"(?:https?:)?//[\w-]+\.[^\s'\"<>)]+", html)
    assert all(re.match(r"https?://www\.w3\.org/", address) for address in addresses)
    assert not re.search(r"\bsrc\s*=|\burl\(|@import|rel=[\"']?stylesheet", html)
    assert all(link.startswith("data:") for link in re.findall(r'\bhref="([^"]*)"', html))


def test_names_from_outside_are_never_parsed_as_html(html: str) -> None:
    """No feature or category, whatever it is called, can become markup or code."""
    parsing = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert not re.search(parsing, html)


def test_the_key_is_kept_nowhere(html: str) -> None:
    """The API key that is pasted into the page outlives it in no storage of the browser."""
    assert "Bearer" in html
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", html)


@pytest.mark.parametrize("key", SHOWN)
def test_it_shows_every_part_of_the_status(html: str, key: str) -> None:
    """The script reads each part of the status that the page is there to show."""
    script = html.split("<script>")[1]
    assert re.search(rf"\b{key}\b", script)


def test_beside_the_verdict_it_says_how_far_to_trust_it(html: str) -> None:
    """Copies beyond the bound and missed documents; the reasons say the labels needed already."""
    verdict = html.split("// The verdict covers")[1].split("function accuracyNote", maxsplit=1)[0]
    assert "copies without any shift" in verdict
    assert "Not robust to missing" in verdict
    assert verdict.count("careInWords(") == 2
    assert "labels_needed" not in html


@pytest.mark.parametrize("decision", get_args(Decision))
def test_it_has_words_for_every_decision(html: str, decision: str) -> None:
    """Whatever the verdict on a challenger says, the page does not call it unknown."""
    decisions = html.split("const DECISIONS = {")[1].split("};", maxsplit=1)[0]
    assert re.search(rf"\b{decision}: \[", decisions)


@pytest.mark.parametrize("element", ["script", "style"])
def test_the_policy_allows_what_the_page_holds_and_nothing_else(html: str, element: str) -> None:
    """Script and style are allowed by what they are: any that is put in beside them is not."""
    (content,) = re.findall(rf"<{element}\b[^>]*>(.*?)</{element}>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

    directives = dict(
        directive.strip().split(" ", 1)
        for directive in HEADERS["Content-Security-Policy"].split(";")
    )
    assert directives[f"{element}-src"] == f"'sha256-{digest}'"
    assert directives["default-src"] == directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_nothing_on_the_page_needs_what_the_policy_forbids(html: str) -> None:
    """No attribute of an element holds a style or a script."""
    assert not re.search(r"<[^>]+\s(style|on\w+)=", html)
    assert not re.search(r"style: [`\"']|setAttribute\(\"style|javascript:", html)


def test_the_page_is_what_a_browser_must_take_it_for() -> None:
    """No other type is guessed, and no address is sent along."""
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["Referrer-Policy"] == "no-referrer"


def test_every_text_is_escaped_where_it_enters_the_page(html: str) -> None:
    """Texts enter by three ways: as children and attributes, by a change, and as the title."""
    script = html.split("<script>")[1]
    assert re.search(r"UNSHOWN = .*\\p\{Cc\}.*\\p\{Cf\}.*/gu", script)
    assert set(re.findall(r"\.(textContent|nodeValue|innerText|title) = (\w+)", script)) == {
        ("textContent", "text"),
        ("title", "printable"),
    }
    assert re.findall(r"setAttribute\(name, (\w+)", script) == ["printable", "value"]
    assert "child instanceof Node ? child : printable(child)" in script
    assert "const text = printable(words);" in script

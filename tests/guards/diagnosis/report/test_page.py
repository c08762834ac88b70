"""The page of a diagnosis: what a reader finds on it, with and without its style."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from guards.diagnosis.class_residuals import ClassResidual, ResidualSide
from guards.diagnosis.periods import parse_period
from guards.diagnosis.phrases import answer
from guards.diagnosis.playbook import diagnose
from guards.diagnosis.report.markdown import markdown
from guards.diagnosis.report.page import page
from guards.diagnosis.word_changes import WordChanges
from guards.diagnosis.words import WordShift
from guards.events.log_table import LogTable
from load_tests.diagnosis.wide_log import write_wide_log
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from guards.diagnosis.playbook import Diagnosis
    from guards.events.reading import LogAccount
    from tests.guards.diagnosis.traffic import Rows

MAX_BYTES = 150_000
VOID = {"meta"}


def _renamed(rows: Rows, _: np.random.Generator) -> None:
    rows["court"][rows["court"] == "NDCA"] = "N.D. Cal."


def _walked(path: Path) -> tuple[Diagnosis, LogAccount]:
    periods = parse_period(GOOD, "--good", ()), parse_period(BAD, "--bad", ())
    with LogTable.read([path]) as log:
        return diagnose(log, periods), log.account


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> tuple[Diagnosis, LogAccount]:
    """Return a diagnosis of a renamed category."""
    path = tmp_path_factory.mktemp("worse") / "log.jsonl"
    return _walked(write_log(Traffic(change=_renamed), path))


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> tuple[Diagnosis, LogAccount]:
    """Return a diagnosis of nothing."""
    return _walked(write_log(Traffic(), tmp_path_factory.mktemp("steady") / "log.jsonl"))


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> tuple[Diagnosis, LogAccount]:
    """Return a diagnosis in which thirty inputs moved, and a challenger answered."""
    return _walked(write_wide_log(tmp_path_factory.mktemp("wide") / "log.jsonl"))


class _Page(HTMLParser):
    """Checks that elements are closed in order, and collects their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements with this name."""
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_first_heading_is_the_answer(worse: tuple[Diagnosis, LogAccount]) -> None:
    """Then the findings, with what to do; then everything else."""
    parsed = _Page(page(*worse))
    text = "\n".join(parsed.texts)
    told = answer(worse[0]).replace(" %", "\N{NO-BREAK SPACE}%")
    assert text.count(told[1:]) == 2
    places = [
        text.index(each)
        for each in (
            told[0].upper() + told[1:],
            "unknown_categories: court",
            worse[0].findings[0].remedy,
            "Confidence before and after",
            "By kinds of documents",
            "rare or unseen kinds",
            "Over time",
            "By class",
            "Inputs that moved",
            "What this rests on",
        )
    ]
    assert places == sorted(places)


def test_it_runs_nothing_and_fetches_nothing(worse: tuple[Diagnosis, LogAccount]) -> None:
    """Its policy allows its one style by hash, and the page has nothing that it forbids."""
    text = page(*worse)
    parsed = _Page(text)
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = (meta["content"] for meta in parsed.of("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "url(" not in style
    assert "@import" not in style
    assert not {"script", "img", "link", "iframe", "object"} & {tag for tag, _ in parsed.elements}
    names = {name for _, attributes in parsed.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (
        {"style", "src", "href"} & names
    )


def test_every_drawing_has_a_name_and_its_numbers_beside_it(
    wide: tuple[Diagnosis, LogAccount],
) -> None:
    """Who cannot see it, or drops the style, reads them: no drawing holds a text of its own."""
    parsed = _Page(page(*wide))
    drawings = [each for each in parsed.of("svg") if each.get("role") == "img"]
    outlined = sum(each.name.startswith("number") for each in wide[0].distributions)
    assert len(drawings) == 2 + outlined
    assert "\n".join(parsed.texts).count("with a gap at the median") == 1
    assert all(drawing["aria-label"] for drawing in drawings)
    assert all(each.get("role") or each["aria-hidden"] == "true" for each in parsed.of("svg"))
    assert all(each["width"] and each["height"] for each in parsed.of("svg"))
    assert parsed.of("text") == []
    assert len(parsed.of("caption")) == len(parsed.of("table"))
    assert all("scope" in head for head in parsed.of("th"))
    headings = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h\d", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(now - before <= 1 for before, now in pairwise(headings))


def test_thirty_inputs_are_a_short_page(wide: tuple[Diagnosis, LogAccount]) -> None:
    """All of them are drawn, and it can be sent by mail."""
    text = page(*wide)
    assert len(wide[0].inputs) == 30
    assert len(text.encode()) <= MAX_BYTES
    told = "\n".join(_Page(text).texts)
    assert all(
        f"moved by {each.moved.metric} {each.moved.value:.3f}" in told for each in wide[0].inputs
    )
    assert told.count("From cells of windows: 576 good and 576 bad documents") == 30


def test_more_inputs_are_a_table(wide: tuple[Diagnosis, LogAccount]) -> None:
    """None is left out silently."""
    diagnosis, account = wide
    more = replace(
        diagnosis,
        inputs=diagnosis.inputs + diagnosis.inputs[:2],
        distributions=diagnosis.distributions + diagnosis.distributions[:2],
    )
    text = "\n".join(_Page(page(more, account)).texts)
    rest = text[text.index("inputs that moved less far") :]
    assert diagnosis.inputs[0].input.name in rest
    assert diagnosis.inputs[1].input.name in rest


def test_what_happened_meanwhile_is_told(wide: tuple[Diagnosis, LogAccount]) -> None:
    """Alarms, another champion, and what a challenger answered in both periods."""
    text = "\n".join(_Page(page(*wide)).texts)
    assert text.count("number_00: median 148 → 403") == 2
    for told in (
        *("2026-03-04 00:00", "replica-1", "docs/1 (sha256:1f, torch)"),
        *("docs/2 (sha256:2f, torch)", "agrees with the champion", "confidence of docs/3"),
        "Compared 480 of 576 good documents that it was offered, and 480 of 576 bad ones.",
    ):
        assert told in text
    (shadow,) = wide[0].challengers
    assert shadow.good is not None
    assert f"{shadow.good.agreement:.4f}" in text


def test_chance_is_a_short_page(steady: tuple[Diagnosis, LogAccount]) -> None:
    """It says so, and shows what it looked at."""
    text = "\n".join(_Page(page(*steady)).texts)
    assert "Nothing changed beyond what chance does" in text
    assert "What changed" not in text
    assert "Over time" in text


def test_names_are_texts_and_nothing_else(worse: tuple[Diagnosis, LogAccount]) -> None:
    """Whatever a client calls a segment or a table its column."""
    diagnosis, account = worse
    nasty = '<script>alert("1")</script>\x1b[31m\u202e'
    finding = replace(diagnosis.findings[0], subject=nasty, expected=nasty, remedy=nasty)
    classes = {nasty: next(iter(diagnosis.drop.classes.values()))}
    drop = replace(
        diagnosis.drop, classes=classes, segments={nasty: classes[nasty], "b": classes[nasty]}
    )
    nobody = ResidualSide(0, 0.0, 0.0)
    residuals = (ClassResidual(nasty, nobody, nobody, None),) * 41
    terms = {nasty: replace(diagnosis.terms["confidence"], inputs=(nasty,))}
    changed = replace(
        diagnosis,
        findings=(finding,),
        drop=drop,
        notes=(nasty,),
        residuals=residuals,
        terms=terms,
    )
    text = page(changed, account)
    assert "<script" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "and 1 more" in "\n".join(_Page(text).texts)
    told = markdown(changed)
    assert re.search(r"(?<!\\)<", told) is None
    assert "\x1b" not in told


def test_words_beyond_the_twenty_first_are_counted(worse: tuple[Diagnosis, LogAccount]) -> None:
    """On the page as in Markdown."""
    came = tuple(WordShift(f"new{at}", (0, 9), 1.0, 3.0, 1e-9) for at in range(20))
    words = WordChanges((30, 30), sampled=True, compared=90, differing=23, came=came, went=())
    changed = replace(worse[0], words=words)
    for text in ("\n".join(_Page(page(changed, worse[1])).texts), markdown(changed)):
        assert "Words that came or went: 23 of 90" in text
        assert "sample with a fixed seed" in text
        assert "new19" in text
        assert "and 3 more" in text


def test_the_same_diagnosis_is_the_same_page(worse: tuple[Diagnosis, LogAccount]) -> None:
    """Nothing of when or where it was made is in it."""
    assert page(*worse) == page(*worse)


def test_the_markdown_has_the_findings(worse: tuple[Diagnosis, LogAccount]) -> None:
    """In their order, each with what is next."""
    told = markdown(worse[0])
    assert told.startswith("# a column has categories that training did not have: court")
    assert "## 1. unknown\\_categories: court" in told
    assert "- next: map the new categories" in told
    assert "- by rare or unseen kinds: confidence -0.08" in told

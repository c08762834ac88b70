"""Effects that differ, in every form in which a diagnosis is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guards.diagnosis.effect_phrases import too_few_documents
from guards.diagnosis.effects import DifferingEffect, Effects
from guards.diagnosis.periods import parse_period
from guards.diagnosis.playbook import diagnose
from guards.diagnosis.report.markdown import markdown
from guards.diagnosis.report.page import page
from guards.events.log_table import LogTable
from service.cli.diagnosis_text import diagnosis_lines
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "<script>a|b\u202e\x1b"
MANY = 23


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Effects], dict[str, str]]:
    """Return a function that shows effects: on a terminal, as a page and as Markdown."""
    path = write_log(Traffic(per_hour=1), tmp_path_factory.mktemp("log") / "log.jsonl")
    with LogTable.read([path]) as log:
        periods = parse_period(GOOD, "--good", ()), parse_period(BAD, "--bad", ())
        walked, account = diagnose(log, periods), log.account

    def show(effects: Effects) -> dict[str, str]:
        diagnosis = replace(walked, effects=effects)
        return {
            "terminal": "\n".join(diagnosis_lines(diagnosis, account)),
            "page": page(diagnosis, account),
            "markdown": markdown(diagnosis),
        }

    return show


def _effects(*differing: DifferingEffect) -> Effects:
    return Effects("docs/1", (200, 180), sampled=True, rate=0.05, tested=1_240, differing=differing)


def _word(word: str, label: str = "invoice") -> DifferingEffect:
    return DifferingEffect(word, "word", label, 1.2345, -0.00012, 5e-5)


def test_each_form_says_what_was_tested(shown: Callable[[Effects], dict[str, str]]) -> None:
    """And how many documents of each period, of which others were left out."""
    for name, text in shown(_effects()).items():
        plain = text.replace("\N{NO-BREAK SPACE}", " ")
        assert "ds and columns that drive the answers of docs/1 differently: none of 1,240" in plain
        told = "in 200 good and 180 bad documents (a sample with a fixed seed), at a false "
        assert f"{told}discovery rate of 5 %" in plain, name


def test_words_and_columns_have_their_means(shown: Callable[[Effects], dict[str, str]]) -> None:
    """A word is told with the answer that it speaks for, a small effect with its digits."""
    column = DifferingEffect("pages", "column", None, 0.04321, 0.2, 0.0123)
    texts = shown(_effects(_word("urgent"), column))
    assert "| urgent (invoice) | +1.23 | -0.00012 | 5e-05 |" in texts["markdown"]
    assert "| column pages | +0.0432 | +0.2 | 0.012 |" in texts["markdown"]
    assert ">urgent (invoice)</th><td>+1.23</td><td>-0.00012</td><td>5e-05<" in texts["page"]
    assert "  column pages        +0.0432  +0.2      0.012" in texts["terminal"]


def test_hostile_words_are_text_and_nothing_else(
    shown: Callable[[Effects], dict[str, str]],
) -> None:
    """Whatever clients send, and whatever a label or a column is called."""
    column = DifferingEffect(HOSTILE, "column", None, 0.0, 1.0, 0.01)
    texts = shown(_effects(_word(HOSTILE, HOSTILE), column))
    for text in texts.values():
        assert text.replace("\\\\", "\\").count("\\u202e\\x1b") == 3
        assert not {"\u202e", "\x1b"} & set(text)
    assert "<script" not in texts["page"]
    assert texts["page"].count("&lt;script&gt;a|b") == 3
    assert texts["markdown"].count("\\<script\\>a\\|b") == 3


def test_a_pipe_cannot_be_explained() -> None:
    """It is said to be one; a table is joined all the same."""
    assert "give the log as a file" in too_few_documents((0, 0), None, piped=True)
    assert "documents.csv" in too_few_documents((0, 7), "documents.csv", piped=True)


def test_twenty_are_shown(shown: Callable[[Effects], dict[str, str]]) -> None:
    """And it is said how many others there are; the JSON has all."""
    effects = _effects(*(_word(f"word{number}") for number in range(MANY)))
    for text in shown(effects).values():
        assert "word19 (invoice)" in text
        assert "word20" not in text
        assert "and 3 more" in text
    assert len(effects.to_json()["differing"]) == MANY

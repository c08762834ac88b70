"""Where a change sits, of a whole log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guards.diagnosis.decomposition_phrases import (
    decomposition_in_words,
    groups_in_words,
    slices_in_words,
    where_in_words,
)
from guards.diagnosis.periods import parse_period
from guards.diagnosis.phrases import term_in_words
from guards.diagnosis.playbook import diagnose
from guards.diagnosis.report.decomposition import decomposition_of
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import BAD, GOOD, Traffic, write_log
from tests.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from guards.diagnosis.decomposition import Decomposition
    from tests.guards.diagnosis.traffic import Rows

DOCS = (ROOT / "docs" / "diagnosis.md").read_text("utf-8")


def _changed(rows: Rows, generator: np.random.Generator) -> None:
    """Let values be missing, and the model be less sure of one kind of documents."""
    rows["pages"][generator.random(len(rows["pages"])) < 0.3] = float("nan")
    rows["noise"][(rows["court"] == "NDCA") & (rows["label"] == 1)] -= 5


def _decomposed(traffic: Traffic, path: Path) -> Decomposition:
    periods = parse_period(GOOD, "--good", ()), parse_period(BAD, "--bad", ())
    with LogTable.read([write_log(traffic, path / "log.jsonl")]) as log:
        found = diagnose(log, periods).decomposition
    assert found is not None
    return found


@pytest.fixture(scope="module")
def decomposition(tmp_path_factory: pytest.TempPathFactory) -> Decomposition:
    """Return that of a log with a change by mix and one within a slice."""
    return _decomposed(Traffic(change=_changed), tmp_path_factory.mktemp("log"))


def test_mix_and_slice_are_told_apart(decomposition: Decomposition) -> None:
    """Of all inputs, the one that moved comes first; the slice is the one that was put in."""
    assert decomposition.parts[0].input == "pages"
    assert [each.input for each in decomposition.told] == ["pages"]
    assert {"segment", "replica", "court"} <= {each.input for each in decomposition.parts}
    first = decomposition.slices[0]
    assert first.where == (("court", "NDCA"), ("champion.label", "invoice"))


def test_it_is_said_in_few_lines(decomposition: Decomposition) -> None:
    """One for each input that moved, and the slices under their head."""
    told = list(decomposition_in_words(decomposition))
    assert len(told) == 2 + len(decomposition.slices)
    assert told[0].startswith("pages: by mix -0.0")
    assert told[1] == "slices that hold more of the change than their share of documents:"
    assert told[2].startswith("  court = NDCA and champion.label = invoice: ")
    nothing = replace(decomposition, slices=())
    assert list(decomposition_in_words(nothing))[-1].startswith(
        "no slice of one or two inputs holds more"
    )


def test_the_docs_show_what_two_groups_share(tmp_path: Path) -> None:
    """As it is printed, in one line; of one group nothing is said."""

    def two_causes(rows: Rows, generator: np.random.Generator) -> None:
        rows["pages"][generator.random(len(rows["pages"])) < 0.35] = float("nan")
        rows["court"][rows["court"] == "NDCA"] = "N.D. Cal."

    (line,) = groups_in_words(_decomposed(Traffic(change=two_causes), tmp_path))
    assert f"```text\n{line}\n```" in DOCS
    assert line.startswith("inputs together restore 99 % of the change: categories ")


def test_one_group_is_told_by_its_finding(decomposition: Decomposition) -> None:
    """What it restores is its own."""
    assert [each.inputs for each in decomposition.groups if each.inputs] == [("pages",)]
    assert list(groups_in_words(decomposition)) == []


def test_a_sample_is_said(decomposition: Decomposition) -> None:
    """And all documents are not."""
    assert "sample" not in slices_in_words(decomposition)
    sampled = replace(decomposition, sampled=True, searched=(50_000, 50_000))
    assert "(searched in a sample of 50,000 good and 50,000 bad documents)" in slices_in_words(
        sampled
    )


def test_an_input_is_said_in_one_line(decomposition: Decomposition) -> None:
    """With both intervals."""
    line, found = next(decomposition_in_words(decomposition)), decomposition.told[0]
    assert line.startswith(f"{found.input}: by mix {found.mix.change:+.4f} (")
    assert f"within {found.within.change:+.4f} (" in line


def test_it_is_on_the_page(decomposition: Decomposition) -> None:
    """Slices and parts as tables; without slices a sentence."""
    told = "".join(decomposition_of(decomposition))
    assert where_in_words(decomposition.slices[0]) in told
    assert term_in_words(decomposition.told[0].mix) in told
    assert "No slice of" in "".join(decomposition_of(replace(decomposition, slices=())))

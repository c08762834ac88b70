"""The page of a comparison: what a reader finds on it."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from guards.comparison.comparison import compare_logs
from guards.comparison.page import page
from guards.events.log_table import LogTable
from guards.evidence.criteria import Policy
from guards.evidence.labels import KnownLabels
from guards.evidence.pair import Missed
from tests.guards.comparison.logs import LABELS, Seen, write_log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def _page(path: Path, documents: Iterable[Seen]) -> str:
    with LogTable.read([write_log(path, documents)]) as log:
        return page(compare_logs(log, KnownLabels([]), Policy()))


def _told(text: str) -> str:
    return unescape(re.sub("<[^>]*>", "\n", text))


def test_an_open_question_says_how_many_labels_it_takes(tmp_path: Path) -> None:
    """Then what was answered: each cell of the matrix, and no accuracy without labels."""
    documents = [
        Seen(
            f"r-{number}",
            champion=LABELS[number % 3],
            challenger=LABELS[(number + (number % 10 == 0)) % 3],
            second=number,
        )
        for number in range(300)
    ]
    told = _told(_page(tmp_path / "log.jsonl", documents))
    assert "Undecided whether docs/2 is to take the place of docs/1" in told
    assert re.search("It probably needs .* more labels", told)
    assert "Compared 300 of 300 documents." in told
    assert "90.0\N{NO-BREAK SPACE}%" in told
    assert "accuracy" not in told[told.index("in numbers") :]


def test_nothing_compared_is_a_short_page(tmp_path: Path) -> None:
    """It says why."""
    documents = [Seen(f"r-{at}", challenger=Missed.TIMEOUT, second=at) for at in range(9)]
    told = _told(_page(tmp_path / "log.jsonl", documents))
    assert "Compared 0 of 9 documents, 9 timeout." in told
    assert "by class" not in told


def test_names_are_texts_and_nothing_else(tmp_path: Path) -> None:
    """Whatever a client calls a segment."""
    nasty = '<img src=x onerror="alert(1)">\x1b[31m'
    documents = [Seen(f"r-{at}", second=at, segment=nasty) for at in range(9)]
    text = _page(tmp_path / "log.jsonl", documents)
    assert "<img" not in text
    assert "\x1b" not in text
    assert "onerror=&quot;" in text


def test_of_many_labels_disagreements_are_listed(tmp_path: Path) -> None:
    """A matrix of them would be as wide as they are many."""
    documents = [
        Seen(f"r-{at}", champion=f"label-{at % 13}", challenger=f"label-{at % 13}", second=at)
        for at in range(40)
    ]
    documents += [Seen(f"s-{at}", challenger="invoice", second=at) for at in range(7)]
    told = _told(_page(tmp_path / "log.jsonl", documents))
    rest = told[told.index("disagreements, the most frequent first") :]
    assert re.search(r"contract\s+invoice\s+7\b", rest)

"""The end of the demo: what a stack of labels settles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.cli.label_tables import read_labels
from service.demo.settling import settle, settled_text
from tests.guards.comparison.logs import Seen, write_log

if TYPE_CHECKING:
    from pathlib import Path


def _story(count: int) -> list[Seen]:
    return [
        Seen(f"shadow-{n}", challenger="invoice" if n % 2 else "contract", second=n)
        for n in range(count)
    ]


def test_a_stack_of_labels_settles_it(tmp_path: Path) -> None:
    """Without a label nothing is decided; afterwards the number of labels is the real one."""
    story, stack = _story(300), tmp_path / "stack.csv"
    truths = {seen.request_id: str(seen.challenger) for seen in story}

    settled = settle(write_log(tmp_path / "log.jsonl", story), truths, stack, 120)

    text = settled_text(settled, stack)
    assert "The log alone says: undecided." in text
    assert f"A stack of {len(read_labels(stack).labels)} labels" in text
    assert "settles it: promote." in text


def test_too_few_documents_settle_nothing(tmp_path: Path) -> None:
    """A short demo does not claim what it did not show."""
    story, stack = _story(10), tmp_path / "stack.csv"
    truths = {seen.request_id: str(seen.challenger) for seen in story}

    settled = settle(write_log(tmp_path / "log.jsonl", story), truths, stack, 120)

    assert "A stack of 10 labels" in settled_text(settled, stack)
    assert "does not settle it: undecided." in settled_text(settled, stack)


def test_what_somebody_else_sends_is_given_up(tmp_path: Path) -> None:
    """Nobody knows its label; the story ends all the same, and its table says so."""
    story, stack = _story(300), tmp_path / "stack.csv"
    truths = {seen.request_id: str(seen.challenger) for seen in story}
    mine = [Seen(f"mine-{n}", challenger="invoice", second=300 + n) for n in range(5)]

    settled = settle(write_log(tmp_path / "log.jsonl", [*story, *mine]), truths, stack, 400)

    known = read_labels(stack)
    assert known.problems == ()
    assert {label.request_id for label in known.labels if label.given_up} == {
        seen.request_id for seen in mine
    }
    assert settled.labels == 300
    assert settled.after.decision == "promote"

"""A diagnosis as Markdown, for a merge request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guards.diagnosis.decomposition_phrases import decomposition_in_words
from guards.diagnosis.effect_phrases import EFFECTS, effect_rows, effects_in_words, more_effects
from guards.diagnosis.phrases import (
    RESIDUALS,
    answer,
    changes_in_words,
    residual_row,
    restores_in_words,
    terms_in_words,
)
from guards.diagnosis.word_phrases import word_rows, words_in_words
from guards.pages.elements import sentence
from guards.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from guards.diagnosis.effects import Effects
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.playbook import Diagnosis
    from guards.diagnosis.word_changes import WordChanges

__all__ = ["markdown"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
"""What Markdown, or HTML in it, would make something else of."""


def markdown(diagnosis: Diagnosis) -> str:
    """Return the answer, what it rests on, and the findings."""
    return "\n".join(_lines(diagnosis)) + "\n"


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield f"# {_plain(answer(diagnosis))}"
    yield ""
    for name, period, documents in zip(
        ("good", "bad"), (diagnosis.good, diagnosis.bad), diagnosis.documents, strict=True
    ):
        yield f"- {name}: {_plain(str(period))}, {counted(documents, 'document')}"
    for line in (*changes_in_words(diagnosis), *terms_in_words(diagnosis.terms)):
        yield f"- {_plain(line)}"
    for number, finding in enumerate(diagnosis.findings, start=1):
        yield ""
        yield from _finding(number, finding)
    if diagnosis.residuals:
        yield ""
        yield from _table(RESIDUALS, map(residual_row, diagnosis.residuals))
    if diagnosis.inputs:
        yield ""
        yield from _table(
            ("input", "moved by"),
            (
                (each.input.name, f"{each.moved.metric} {each.moved.value:.3f}")
                for each in diagnosis.inputs
            ),
        )
    if diagnosis.decomposition is not None:
        yield ""
        told = decomposition_in_words(diagnosis.decomposition)
        yield from (f"- {_plain(line.strip())}" for line in told)
    if diagnosis.words is not None:
        yield from _words(diagnosis.words, diagnosis.documents)
    if diagnosis.effects is not None:
        yield from _effects(diagnosis.effects)
    for note in diagnosis.notes:
        yield ""
        yield f"Note: {_plain(note)}."


def _words(words: WordChanges, documents: tuple[int, int]) -> Iterator[str]:
    yield ""
    yield f"{_plain(sentence(words_in_words(words, documents)))}."
    for what, rows in word_rows(words):
        yield ""
        yield from _table((what, "good", "bad"), rows)
    more = words.differing - len(words.came) - len(words.went)
    if more:
        yield ""
        yield f"and {more} more"


def _effects(effects: Effects) -> Iterator[str]:
    yield ""
    yield f"{_plain(sentence(effects_in_words(effects)))}."
    rows = effect_rows(effects)
    if rows:
        yield ""
        yield from _table(EFFECTS, rows)
    if more_effects(effects):
        yield ""
        yield f"and {more_effects(effects)} more"


def _finding(number: int, finding: DiagnosisFinding) -> Iterator[str]:
    yield f"## {number}. {_plain(finding.code)}: {_plain(finding.subject)}"
    yield ""
    yield f"{_plain(restores_in_words(finding))}."
    yield ""
    facts = {
        "good": finding.expected,
        "bad": finding.observed,
        "since": finding.since,
        "next": finding.remedy,
    }
    for name, value in facts.items():
        if value:
            yield f"- {name}: {_plain(value)}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for row in rows:
        yield f"| {' | '.join(map(_plain, row))} |"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", printable(text))

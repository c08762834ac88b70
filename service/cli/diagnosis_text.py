"""A diagnosis as text for a terminal."""

from __future__ import annotations

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
from guards.text import aligned, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.diagnosis.class_residuals import ClassResidual
    from guards.diagnosis.effects import Effects
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.playbook import Diagnosis
    from guards.diagnosis.word_changes import WordChanges
    from guards.events.reading import LogAccount

__all__ = ["diagnosis_lines"]

_MAX_INPUTS = 8
_MAX_CLASSES = 8
_MAX_WORDS = 10


def diagnosis_lines(diagnosis: Diagnosis, account: LogAccount) -> Iterator[str]:
    """Yield what a diagnosis says: the answer first, then what it rests on."""
    yield answer(diagnosis)
    yield ""
    for name, period, documents in zip(
        ("good", "bad"), (diagnosis.good, diagnosis.bad), diagnosis.documents, strict=True
    ):
        yield f"{name}: {period}, {counted(documents, 'document')}"
    yield from changes_in_words(diagnosis)
    yield from terms_in_words(diagnosis.terms)
    if account.missing:
        yield f"log: {account.lines} lines, {account.missing} missing"
    for number, finding in enumerate(diagnosis.findings, start=1):
        yield ""
        yield from _finding(number, finding)
    if diagnosis.residuals:
        yield ""
        yield from _residuals(diagnosis.residuals)
    if diagnosis.inputs:
        told = diagnosis.inputs[:_MAX_INPUTS]
        moved = ", ".join(
            f"{each.input.name} ({each.moved.metric} {each.moved.value:.2f})" for each in told
        )
        more = len(diagnosis.inputs) - len(told)
        yield ""
        yield f"inputs that moved: {moved}" + (f", and {more} more" if more else "")
    if diagnosis.decomposition is not None:
        yield ""
        yield from decomposition_in_words(diagnosis.decomposition)
    if diagnosis.words is not None:
        yield ""
        yield from _words(diagnosis.words, diagnosis.documents)
    if diagnosis.effects is not None:
        yield ""
        yield from _effects(diagnosis.effects)


def _words(words: WordChanges, documents: tuple[int, int]) -> Iterator[str]:
    yield words_in_words(words, documents)
    told = [(what, rows[:_MAX_WORDS]) for what, rows in word_rows(words)]
    table = [
        (f"  {name}", *shares)
        for what, rows in told
        for name, *shares in [(what, "good", "bad"), *rows]
    ]
    yield from aligned(table) if table else ()
    more = words.differing - sum(len(rows) for _, rows in told)
    if more:
        yield f"  and {more} more"


def _effects(effects: Effects) -> Iterator[str]:
    yield effects_in_words(effects)
    rows = effect_rows(effects)
    if rows:
        yield from aligned([(f"  {name}", *cells) for name, *cells in [EFFECTS, *rows]])
    if more_effects(effects):
        yield f"  and {more_effects(effects)} more"


def _residuals(residuals: Sequence[ClassResidual]) -> Iterator[str]:
    yield from aligned([RESIDUALS, *map(residual_row, residuals[:_MAX_CLASSES])])
    if len(residuals) > _MAX_CLASSES:
        yield f"and {len(residuals) - _MAX_CLASSES} more"


def _finding(number: int, finding: DiagnosisFinding) -> Iterator[str]:
    yield f"{number}. {finding.code}: {finding.subject} ({restores_in_words(finding)})"
    if finding.expected or finding.observed:
        yield f"   good: {finding.expected or '-'}"
        yield f"   bad:  {finding.observed or '-'}"
    if finding.since is not None:
        yield f"   since {finding.since}"
    yield f"   next: {finding.remedy}"

"""Words that came and went between two periods, from texts in logs or in a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from guards.diagnosis.drawn_texts import DrawnTexts
from guards.diagnosis.word_changes import WordChanges
from guards.diagnosis.word_phrases import asks_for_words, unknown_words
from guards.events.captured import captured_lines
from guards.text import counted, printable
from service.cli.document_tables import text_rows
from service.cli.output import log_progress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from guards.diagnosis.drawn_documents import DrawnDocuments
    from guards.diagnosis.playbook import Diagnosis
    from guards.events.log_table import LogTable

__all__ = ["add_captured", "add_rows", "with_words"]

T = TypeVar("T")


def with_words(
    diagnosis: Diagnosis,
    log: LogTable,
    documents: Path | None,
    texts: Iterable[tuple[str, str]] | None = None,
) -> Diagnosis:
    """Return a diagnosis with the words that came and went, or with a note on what they take.

    Texts come from ``documents``, a table, else from what the log captured. ``texts`` are those of
    the table by request id where it was read before. What could be chance has no words. Raises
    ``TableError`` for a table that cannot be used.
    """
    if diagnosis.could_be_chance:
        return diagnosis
    if documents is None and not log.captured:
        return _without_words(diagnosis, log, (0, 0), None)
    good, bad = (
        DrawnTexts(log, period, number)
        for period, number in zip((diagnosis.good, diagnosis.bad), diagnosis.documents, strict=True)
    )
    if documents is not None:
        rows = ((name, text) for name, text, _ in text_rows(documents)) if texts is None else texts
        if left_out := add_rows(good, bad, rows):
            note = (
                f"{counted(left_out, 'row')} of {documents} left out: both periods have documents "
                "with this request_id, and the table does not tell whose text it is"
            )
            diagnosis = replace(diagnosis, notes=(*diagnosis.notes, printable(note)))
    else:
        add_captured(good, bad, log)
    words = WordChanges.between(good, bad)
    if words is None:
        return _without_words(diagnosis, log, (len(good.texts), len(bad.texts)), documents)
    return replace(diagnosis, words=words)


def _without_words(
    diagnosis: Diagnosis, log: LogTable, texts: tuple[int, int], documents: Path | None
) -> Diagnosis:
    """Return the diagnosis, with a note where somebody asked for words or is about to."""
    asked = documents is not None or log.piped or any(texts) or asks_for_words(diagnosis.findings)
    table = None if documents is None else str(documents)
    note = unknown_words(texts, table, piped=log.piped)
    return replace(diagnosis, notes=(*diagnosis.notes, note)) if asked else diagnosis


def add_rows(good: DrawnDocuments[T], bad: DrawnDocuments[T], rows: Iterable[tuple[str, T]]) -> int:
    """Add the rows of a table, and return how many are of an id that both periods have."""
    left_out = 0
    for request_id, known in rows:
        if good.has(request_id) and bad.has(request_id):
            left_out += 1
            continue
        good.add(request_id, known)
        bad.add(request_id, known)
    return left_out


def add_captured(good: DrawnDocuments[T], bad: DrawnDocuments[T], log: LogTable) -> None:
    """Add the documents that a log captured."""

    def wanted(request_id: str) -> bool:
        return good.wants(request_id) or bad.wants(request_id)

    with log_progress(log.captured, "reading texts") as progress:
        for line in captured_lines(log.captured, progress.update, wanted):
            good.add_captured(line, bad)
            bad.add_captured(line, good)

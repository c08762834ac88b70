"""What is said of an exported table, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.evidence.labels import LabelSource
from guards.moments import from_microseconds
from guards.text import aligned, counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.cli.exported_table import ExportedTable

__all__ = ["export_lines", "export_notes"]

_MAX_LABELS = 20


def export_lines(path: Path, table: ExportedTable) -> Iterator[str]:
    """Yield how many rows there are, from when, their labels, and what was left out."""
    rows = table.joined.rows
    ends = (from_microseconds(rows[row].observed_us) for row in (0, -1))
    first, last = (f"{end:%Y-%m-%d %H:%M}" for end in ends)
    yield f"{path}: {counted(len(rows), 'document')} with labels, {first} to {last} UTC"
    classes = table.joined.classes.most_common()
    yield from aligned([(f"  {label}", str(count)) for label, count in classes[:_MAX_LABELS]])
    if len(classes) > _MAX_LABELS:
        yield f"  and {len(classes) - _MAX_LABELS} more labels"
    reasons = {
        "not_in_log": ("label", "of documents that the log does not have"),
        "without_text": ("label", "of documents without a text"),
        "waiting": ("drawn document", "without a label yet"),
        "given_up": ("drawn document", "whose label was given up"),
    }
    for reason, (noun, words) in reasons.items():
        if count := table.without_row[reason]:
            yield f"left out: {counted(count, noun)} {words}"
    if table.found.others:
        yield f"not labelled: {counted(table.found.others, 'other document')} with a text"


def export_notes(table: ExportedTable, *, captured: bool) -> Iterator[str]:
    """Yield what somebody should know before training; ``captured`` texts are those of the log."""
    drawn = table.joined.sources[LabelSource.QUEUE]
    corrected = table.joined.sources[LabelSource.CORRECTION]
    rows = counted(len(table.joined.rows), "row")
    if drawn:
        yield (
            f"{drawn} of {rows} were drawn to be labelled: disagreements are more frequent "
            "among them than in traffic"
        )
    if corrected:
        yield (
            f"{corrected} of {rows} have a correction as their label: the champion was wrong "
            "on more of them than on traffic"
        )
    if table.joined.without_text and captured:
        yield (
            f"{counted(table.joined.without_text, 'label')} of documents without a text: the "
            "service writes it into the log under CAPTURE; or name a table with request_id and "
            "text by --documents"
        )
    if table.read.known.contradicted:
        yield (
            f"{counted(table.read.known.contradicted, 'document')} had labels that contradict "
            "each other: the last one counts"
        )
    yield from (f"the feature {name!a} is left out: {why}" for name, why in table.left_out.items())
    yield from table.features.notes()

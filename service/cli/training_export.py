"""Join labels with documents of logs, write them as a table, and say what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.tables.writing import write_table
from guards.comparison.training_rows import training_rows
from guards.errors import CallError
from guards.private_file import private_file, require_no_loss
from guards.text import counted
from service.cli.export_text import export_lines, export_notes
from service.cli.exported_table import ExportedTable
from service.cli.output import print_json, print_lines, print_notes
from service.cli.train_command import train_command
from service.cli.training_sources import (
    documents_of_logs,
    documents_of_table,
    read_labelled_logs,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from guards.comparison.training_rows import TrainingRows
    from service.cli.training_sources import FoundDocuments, LabelledLogs

__all__ = ["make_table"]


def make_table(
    logs: Sequence[Path],
    *,
    tables: Sequence[Path],
    documents: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Write the labelled documents of ``logs`` to ``out``, and print how many, and what next.

    Raises ``CallError`` where there is nothing to write or ``out`` would replace something, and
    ``TableError`` for a table that cannot be read.
    """
    # Before reading, which may take minutes.
    require_no_loss(out)
    read = read_labelled_logs(logs, tables)
    names = read.labels.labels.keys()
    found = documents_of_table(documents, names) if documents else documents_of_logs(logs, names)
    joined = training_rows(read.labels.labels, read.observed_us, found.documents)
    if not joined.rows:
        raise CallError(_nothing(read, joined, found, documents))
    table = ExportedTable.of(read, joined, found)
    require_no_loss(out)
    with private_file(out) as file:
        write_table(out, file, table.columns)
    command = train_command(out, table.features.roles, read.champion, read.version)
    if as_json:
        print_json({"out": str(out), **table.to_json(), "command": command})
    else:
        print_lines(*export_lines(out, table), "Next:", f"  {command}")
    print_notes(export_notes(table, captured=documents is None))


def _nothing(
    read: LabelledLogs, joined: TrainingRows, found: FoundDocuments, documents: Path | None
) -> str:
    """Return why no row can be written, and what to do."""
    if not read.labels.labels:
        return (
            "nothing to export: there is no label in the log, and none in a table; name a table "
            "with request_id and label by --labels"
        )
    if not joined.without_text:
        return (
            f"nothing to export: none of {counted(joined.not_in_log, 'label')} is of a document "
            "of the log; give the logs of the time when these were answered"
        )
    place = str(documents) if documents else "the log"
    return (
        f"nothing to export: {place} has no text of {counted(joined.without_text, 'document')} "
        f"with a label, and those of {counted(found.others, 'other document')}; serve with "
        "UNDERSTUDY_CAPTURE=all, or name a table with request_id and text by --documents"
    )

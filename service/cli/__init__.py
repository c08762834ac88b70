"""The ``understudy`` command; exit codes are those of ``service.exit_codes``.

- ``__main__``: the command as ``python -m service.cli`` runs it.
- ``group``: the group of commands, and what errors become which exit codes.
- ``accelerate``, ``compare``, ``demo``, ``diagnose``, ``diff``, ``evaluate``,
  ``explain``, ``export_training``, ``label_queue``, ``reference``, ``replay``, ``score``, ``seal``,
  ``serve``, ``settings``, ``sign``, ``table``, ``train``, ``verify``: one command each.
- ``comparison_text``: a comparison for a terminal.
- ``diagnosed_effects``: what drives the answers of a bundle to documents of two periods.
- ``diagnosed_words``: the words that came and went, from texts in logs or in a table.
- ``diagnosis_text``: a diagnosis for a terminal.
- ``explanation_text``: an explanation for a terminal.
- ``score_text``: a score that was computed again, for a terminal.
- ``figures_text``: the figures of one bundle or of two, for a terminal.
- ``queue_drawing``: what ``label_queue`` does.
- ``replay_sources``: where the documents of a replay come from.
- ``training_export``, ``training_sources``: what ``export_training`` does, and what it reads.
- ``exported_table``, ``export_text``: the table that it makes, and what is said of it.
- ``train_command``: the command that trains on an exported table.
- ``label_tables``, ``document_tables``: read tables of true labels, and of documents.
- ``judged``: the guard before a command reads bundles itself.
- ``report_file``: the file that a report is written to.
- ``options``: options that several commands share.
- ``labelled``: read tables for a bundle, with labels or without, and print their notes.
- ``output``: what several commands print.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from service.child_environment import NO_REPORTS
from service.import_path import isolate_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code.

    Without ``arguments`` the process is the command's own: nothing of the current directory is
    imported in it, and no library reports its use.
    """
    if arguments is None:
        isolate_imports()
        os.environ.update(NO_REPORTS)
    from service.cli.group import run

    run(arguments)

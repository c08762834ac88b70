"""The ``understudy`` command; exit codes are those of ``service.exit_codes``.

- ``main``: the group of commands, and what errors become which exit codes.
- ``accelerate``, ``compare``, ``demo``, ``diff``, ``evaluate``, ``label_queue``, ``seal``,
  ``serve``, ``sign``, ``table``, ``train``, ``verify``: one command each.
- ``comparison_text``: a comparison for a terminal.
- ``figures_text``: the figures of one bundle or of two, for a terminal.
- ``queue_drawing``: what ``label_queue`` does.
- ``label_tables``: read tables of true labels.
- ``judged``: the guard before a command reads bundles itself.
- ``options``: options that several commands share.
- ``labelled``: read labelled tables, and print their notes.
- ``output``: what several commands print.
"""

from service.cli.main import main

__all__ = ["main"]

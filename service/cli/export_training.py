"""``understudy export-training``: labelled documents of logs, as a table to train on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guards.errors import CallError
from guards.text import printable
from service.cli.options import PATH, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["export_training"]

_EXAMPLE = """
\b
Example:
  understudy export-training logs/*.jsonl.gz --labels queue.csv -o retrain.csv
"""


def _table_path(_context: click.Context, _option: click.Parameter, path: Path) -> Path:
    from artifacts.tables.writing import WRITTEN

    if path.suffix.lower() not in WRITTEN:
        expected = f"expected a name that ends in {', '.join(WRITTEN[:-1])} or {WRITTEN[-1]}"
        message = f"-o {printable(str(path))}: {expected}"
        raise CallError(message)
    return path


@click.command("export-training", epilog=_EXAMPLE)
@click.argument("logs", type=PATH, nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--labels",
    "tables",
    type=PATH,
    multiple=True,
    metavar="TABLE",
    help="A table with request_id and label; repeat.  [adds to the labels in the log]",
)
@click.option(
    "--documents",
    type=PATH,
    metavar="TABLE",
    help="A table with request_id, text and the features.  [default: what the log captured]",
)
@click.option(
    "-o",
    "out",
    type=PATH,
    required=True,
    metavar="OUT.csv|.jsonl|.parquet",
    callback=_table_path,
    help="A file to create.",
)
@json_option
def export_training(
    *,
    logs: Sequence[Path],
    tables: Sequence[Path],
    documents: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Join labels with the documents of LOG... to a table that understudy train takes.

    Logs are JSON Lines of any replicas, runs and days, plain, .gz or .zst. Labels come from the
    log, where they were sent to /v1/feedback, and from tables; the last one of a document counts.
    Texts and features are in the log where the setting CAPTURE wrote them, else in --documents.

    The command that trains on the table is printed. Only the owner may read the table. Cells that
    begin with =, +, - or @ come from documents and are unsafe in spreadsheets.
    """
    from service.cli.training_export import make_table

    make_table(logs, tables=tables, documents=documents, out=out, as_json=as_json)

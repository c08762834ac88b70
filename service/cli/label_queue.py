"""``understudy label-queue``: which documents to label next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.options import PATH, challenger_option, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["label_queue"]


@click.command(
    "label-queue",
    epilog="\b\nExample:\n  understudy label-queue understudy.jsonl -n 200 -o queue.csv",
)
@click.argument("logs", type=PATH, nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--documents",
    type=PATH,
    metavar="TABLE",
    help="A table with request_id whose other columns are added.  [default: what the log captured]",
)
@click.option(
    "--labels",
    "tables",
    type=PATH,
    multiple=True,
    metavar="TABLE",
    help="Labels that are known and not asked for again; repeat.",
)
@challenger_option("Whose disagreements to draw.")
@click.option("-n", "size", type=click.IntRange(2), required=True, help="How many documents.")
@click.option("-o", "out", type=PATH, required=True, metavar="OUT.csv", help="A file to create.")
@json_option
def label_queue(  # noqa: PLR0913 (click calls by name)
    *,
    logs: Sequence[Path],
    documents: Path | None,
    tables: Sequence[Path],
    challenger: str | None,
    size: int,
    out: Path,
    as_json: bool,
) -> None:
    """Draw documents of LOG... to label: disagreements, and some agreements.

    At least a fifth of the queue are agreements: their labels tell how accurate both variants are.

    Fill in the column label, and give the table to understudy compare --labels. Where no label can
    be given, leave it empty and fill in labelled_at. The table does not say what was answered, so
    that nobody is led by it. Cells that begin with =, +, - or @ come from documents and are unsafe
    in spreadsheets.
    """
    from service.cli.queue_drawing import make_queue

    make_queue(
        logs,
        documents=documents,
        tables=tables,
        challenger=challenger,
        size=size,
        out=out,
        as_json=as_json,
    )

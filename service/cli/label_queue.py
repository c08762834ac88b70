"""``understudy label-queue``: which documents to label next."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from artifacts.tables import read_frame, text_of
from guards.comparison.captured import captured_documents
from guards.comparison.comparison import compare_logs, last_champion
from guards.comparison.queue import DISAGREEMENT, draw_queue
from guards.comparison.queue_table import write_queue
from guards.errors import CallError
from guards.events.log_table import LogTable
from guards.evidence.criteria import Policy
from guards.evidence.labels import KnownLabels
from guards.text import listed
from service.cli.label_tables import add_tables, require_column
from service.cli.options import PATH
from service.cli.output import print_notes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from guards.comparison.queue import LabelQueue
    from guards.evidence.verdict import Verdict

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
@click.option("--challenger", metavar="NAME/VERSION", help="Whose disagreements to draw.")
@click.option("-n", "size", type=click.IntRange(2), required=True, help="How many documents.")
@click.option("-o", "out", type=PATH, required=True, metavar="OUT.csv")
def label_queue(  # noqa: PLR0913 (click calls by name)
    *,
    logs: Sequence[Path],
    documents: Path | None,
    tables: Sequence[Path],
    challenger: str | None,
    size: int,
    out: Path,
) -> None:
    """Draw documents of LOG... to label: disagreements first, and at least a fifth of agreements.

    Fill in the column label, and give the table to understudy compare --labels. Where no label can
    be given, leave it empty and fill in labelled_at. The table does not say what was answered, so
    that nobody is led by it. Cells that begin with =, +, - or @ come from documents and are unsafe
    in spreadsheets.
    """
    # Reading may take minutes; a table with labels in it is never replaced.
    if os.path.lexists(out):
        message = f"{out} exists already: name another file, or remove it"
        raise CallError(message)
    with LogTable.read(logs) as log:
        known = KnownLabels(log.feedback())
        add_tables(known, tables)
        champion, heard, _ = last_champion(log, challenger)
        if len(heard) > 1:
            names = listed(list(map(str, heard)))
            message = f"several challengers: name one of them with --challenger: {names}"
            raise CallError(message)
        labelled = {name for name, label in known.labels.items() if label.label is not None}
        queue = draw_queue(log.pairs(champion.identity, heard[0]), labelled, size)
        verdict = compare_logs(log, known, Policy(), challenger=challenger).challengers[0].verdict
    ids = {row.request_id for row in queue.rows}
    found = _documents(documents, ids) if documents else captured_documents(logs, ids)
    write_queue(out, queue, found)
    _say(out, queue, len(found), verdict)


def _documents(path: Path, request_ids: Collection[str]) -> dict[str, dict[str, object]]:
    """Return the rows of a table that has these request ids, without the ids."""
    frame = read_frame(path)
    require_column(path, frame, "request_id")
    names = [text_of(name).strip() for name in frame.pop("request_id")]
    rows = [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]
    documents = dict(zip(names, rows, strict=True))
    return {name: row for name, row in documents.items() if name in request_ids}


def _say(out: Path, queue: LabelQueue, found: int, verdict: Verdict) -> None:
    drawn = [row for row in queue.rows if row.stratum == DISAGREEMENT]
    strata = ", ".join(f"{count} of {name}" for name, count in queue.strata.items())
    click.echo(f"{out}: {len(queue.rows)} documents, {len(drawn)} of them disagreements ({strata})")
    if drawn:
        click.echo(
            f"Each disagreement was drawn with probability {drawn[0].inclusion_probability:g}"
            f"{_period(queue)}; {queue.labelled} that were drawn have a label already."
        )
    click.echo(
        "Labels of the disagreements decide whether the challenger is better: agreements cannot. "
        "Those of the agreements tell how accurate both are."
    )
    if verdict.labels_needed is None:
        click.echo(f"Whether it is better is {verdict.decision} so far.")
    else:
        click.echo(f"To say whether it is better, {verdict.labels_needed.words}.")
    if found < len(queue.rows):
        note = (
            f"{len(queue.rows) - found} documents have no text: the service writes it into the log "
            "under CAPTURE; or name a table with request_id by --documents"
        )
        print_notes([note])


def _period(queue: LabelQueue) -> str:
    if queue.from_us is None:
        return ""
    return f" since {datetime.fromtimestamp(queue.from_us / 1e6, UTC):%Y-%m-%d %H:%M} UTC"

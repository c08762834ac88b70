"""Draw a label queue from logs and tables, write it, and say what is in it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guards.comparison.comparison import compare_logs, last_champion
from guards.comparison.queue import DISAGREEMENT, draw_queue
from guards.comparison.queue_table import require_free, write_queue
from guards.errors import CallError
from guards.events.captured import captured_documents
from guards.events.log_table import LogTable
from guards.evidence.criteria import Policy
from guards.evidence.labels import KnownLabels
from guards.labels import KnownLabel
from guards.moments import from_microseconds, rfc3339
from guards.text import listed
from service.cli.document_tables import document_rows
from service.cli.label_tables import add_tables
from service.cli.output import log_progress, print_json, print_lines, print_notes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from guards.comparison.queue import LabelQueue
    from guards.evidence.verdict import Verdict
    from guards.json_types import JsonObject

__all__ = ["make_queue"]


def make_queue(  # noqa: PLR0913 (what the command takes)
    logs: Sequence[Path],
    *,
    documents: Path | None,
    tables: Sequence[Path],
    challenger: str | None,
    size: int,
    out: Path,
    as_json: bool,
) -> None:
    """Draw ``size`` documents of ``logs``, write them to ``out``, and print what was drawn.

    Raises ``CallError`` where there is nothing to draw, and ``TableError`` for a table that cannot
    be read.
    """
    # Before reading, which may take minutes.
    require_free(out)
    with log_progress(logs, "reading") as progress:
        table = LogTable.read(logs, progress.update)
    with table as log:
        queue, verdict = _drawn(log, tables, challenger, size)
    ids = {row.request_id for row in queue.rows}
    found = _documents(documents, ids) if documents else _captured(logs, ids)
    write_queue(out, queue, found)
    if as_json:
        print_json(_json(out, queue, len(found), verdict))
    else:
        _say(out, queue, verdict)
    print_notes(_notes(queue, len(found), documents))


def _drawn(
    log: LogTable, tables: Sequence[Path], challenger: str | None, size: int
) -> tuple[LabelQueue, Verdict]:
    """Return a queue with at least one document, and the verdict without its labels."""
    champion, heard, _ = last_champion(log, challenger)
    labels = log.labels(champion.identity)
    known = KnownLabels(log.feedback(), KnownLabel(labels))
    add_tables(known, tables, labels)
    if len(heard) > 1:
        names = listed(list(map(str, heard)))
        message = f"several challengers: name one of them with --challenger: {names}"
        raise CallError(message)
    labelled = {name for name, label in known.labels.items() if label.label is not None}
    queue = draw_queue(log.pairs(champion.identity, heard[0]), labelled, size)
    if not queue.strata.total():
        message = "nothing to draw: no document has answers of both variants that can be compared"
        raise CallError(message)
    if not queue.rows:
        message = "nothing to draw: every compared document that would be drawn has a label already"
        raise CallError(message)
    return queue, compare_logs(log, known, Policy(), challenger=challenger).challengers[0].verdict


def _documents(path: Path, request_ids: Collection[str]) -> dict[str, dict[str, object]]:
    """Return the rows of a table that has these request ids, without the ids."""
    return {name: cells for name, cells in document_rows(path) if name in request_ids}


def _captured(logs: Sequence[Path], request_ids: Collection[str]) -> dict[str, JsonObject]:
    with log_progress(logs, "finding documents") as progress:
        return captured_documents(logs, request_ids, progress.update)


def _json(out: Path, queue: LabelQueue, found: int, verdict: Verdict) -> JsonObject:
    needed = verdict.labels_needed
    return {
        "out": str(out),
        "rows": dict(Counter(row.stratum for row in queue.rows)),
        "strata": dict(queue.strata),
        "disagreement_probability": _probability(queue),
        "from": None if queue.from_us is None else rfc3339(from_microseconds(queue.from_us)),
        "labelled": queue.labelled,
        "without_text": len(queue.rows) - found,
        "decision": verdict.decision,
        "labels_needed": None if needed is None else needed.to_json(),
    }


def _probability(queue: LabelQueue) -> float | None:
    drawn = (row for row in queue.rows if row.stratum == DISAGREEMENT)
    return next((row.inclusion_probability for row in drawn), None)


def _say(out: Path, queue: LabelQueue, verdict: Verdict) -> None:
    drawn = sum(row.stratum == DISAGREEMENT for row in queue.rows)
    strata = ", ".join(f"{count} of {name}" for name, count in queue.strata.items())
    print_lines(f"{out}: {len(queue.rows)} documents, {drawn} of them disagreements ({strata})")
    if drawn:
        print_lines(
            f"Each disagreement was drawn with probability {_probability(queue):g}"
            f"{_period(queue)}; {queue.labelled} that were drawn have a label already."
        )
    if queue.strata[DISAGREEMENT]:
        print_lines(
            "Labels of the disagreements decide whether the challenger is better: agreements "
            "cannot. Those of the agreements tell how accurate both are."
        )
    else:
        print_lines(
            "The variants agree on every document: labels tell how accurate both are, and not "
            "which of them is better."
        )
    if verdict.labels_needed is not None:
        print_lines(f"To say whether it is better, {verdict.labels_needed.words}.")
    elif verdict.decision != "undecided":
        print_lines(f"The verdict is already: {verdict.decision}.")


def _notes(queue: LabelQueue, found: int, documents: Path | None) -> Iterator[str]:
    missing = len(queue.rows) - found
    if documents and not found:
        yield f"no request_id of {documents} is in the queue"
    elif documents and missing:
        yield f"{missing} documents of the queue are not in {documents}"
    elif missing:
        yield (
            f"{missing} documents have no text: the service writes it into the log under CAPTURE; "
            "or name a table with request_id by --documents"
        )


def _period(queue: LabelQueue) -> str:
    if queue.from_us is None:
        return ""
    return f" since {from_microseconds(queue.from_us):%Y-%m-%d %H:%M} UTC"

"""``understudy replay``: bundles answer recorded documents again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guards.errors import CallError
from guards.text import counted, printable
from service.cli.options import PATH, json_option, trust_option
from service.cli.output import print_json, print_lines, print_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from artifacts.replaying.replay import Replay
    from guards.events.recorded import RecordedDocument

__all__ = ["replay"]

_EXAMPLE = """
\b
Example:
  understudy replay understudy.jsonl --bundle artifacts/store/docs/1 -o replayed.jsonl
  understudy diagnose understudy.jsonl replayed.jsonl
"""


@click.command(epilog=_EXAMPLE)
@click.argument("sources", type=PATH, nargs=-1, required=True, metavar="TABLE|LOG...")
@click.option(
    "--bundle",
    "bundles",
    type=PATH,
    multiple=True,
    required=True,
    metavar="BUNDLE",
    help="The bundle that answers; repeat to compare others with the first, as challengers.",
)
@click.option(
    "--documents",
    type=PATH,
    metavar="TABLE",
    help="A table with request_id, text and columns, for documents that no log captured.",
)
@click.option("-o", "out", type=PATH, required=True, metavar="OUT.jsonl", help="The log to write.")
@trust_option("Let the bundles load this class or function; repeat.")
@json_option
def replay(  # noqa: PLR0913 (click calls by name)
    *,
    sources: Sequence[Path],
    bundles: Sequence[Path],
    documents: Path | None,
    out: Path,
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Answer the documents of LOG... again, or those of TABLE, and write the answers as a log.

    A log holds its documents where the service ran with CAPTURE; others are joined from a table by
    request_id. Answers are those of the network, without the engine of the service. The log that is
    written holds no texts. understudy compare reads it, and understudy diagnose reads it beside the
    log that was replayed. With the same arguments an interrupted replay goes on.
    """
    from artifacts.bundle.opening import open_bundle
    from artifacts.replaying.replay import Replay, replay_into
    from artifacts.replaying.replay_log import opened_replay_log
    from guards.integrity.requirements import Requirements
    from service.cli.judged import require_judged
    from service.cli.replay_sources import documents_of

    judged = require_judged(bundles, Requirements(trusted=trust))
    opened = list(map(open_bundle, bundles, judged))
    recorded = documents_of(sources, documents, opened)
    there, without = _found(recorded())
    if not there:
        raise _nothing(without)
    replayed = Replay(opened)
    with opened_replay_log(out, list(replayed.opening())) as log:
        before = len(log.done)
        waiting = (each for each in recorded() if each.document and each.request_id not in log.done)
        replay_into(log, replayed, waiting, len(there - log.done))
        answered = len(log.done)
    print_notes(_notes(replayed, without))
    if as_json:
        print_json(
            {
                "out": str(out),
                "bundles": [bundle.identity.to_json() for bundle in opened],
                "answered": answered,
                "answered_before": before,
                "without_document": without,
                "left_out": dict(replayed.left_out),
            }
        )
    else:
        names = " and ".join(f"{each.identity.name}/{each.identity.version}" for each in opened)
        earlier = f", {before} of them before" if before else ""
        print_lines(f"{out}: {counted(answered, 'document')} answered by {names}{earlier}")


def _found(documents: Iterator[RecordedDocument]) -> tuple[set[str], int]:
    """Return the request ids of the documents that are there, and how many others there are."""
    there: set[str] = set()
    without = 0
    for each in documents:
        if each.document is None:
            without += 1
        else:
            there.add(each.request_id)
    return there, without


def _nothing(without: int) -> CallError:
    if without:
        return CallError(
            f"no document to replay: {counted(without, 'line')} without one; the service writes it "
            "under CAPTURE, but for private columns, or name a table with request_id by --documents"
        )
    return CallError("no document to replay: neither log nor table has one")


def _notes(replayed: Replay, without: int) -> Iterator[str]:
    if without:
        yield (
            f"{counted(without, 'document')} left out: not captured, and in no table by --documents"
        )
    for reason, count in replayed.left_out.most_common():
        yield f"{counted(count, 'document')} left out: {printable(reason)}"

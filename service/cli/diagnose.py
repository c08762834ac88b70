"""``understudy diagnose``: what changed between a good and a bad period of logs."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from guards.errors import CallError
from guards.text import counted
from service.cli.options import PATH, json_option, trust_option
from service.cli.output import log_progress, print_json, print_lines, print_notes
from service.cli.report_file import report_option, write_report
from service.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from guards.diagnosis.periods import Period
    from guards.diagnosis.playbook import Diagnosis
    from guards.events.log_table import LogTable
    from guards.events.reading import LogAccount

__all__ = ["diagnose"]

_EXAMPLE = """
\b
Example:
  understudy diagnose logs/*.jsonl.gz --good 2026-03-02..2026-03-09 --bad 2026-03-09..2026-03-16
"""

_PERIOD = "FROM..TO|RUN"


@click.command(epilog=_EXAMPLE)
@click.argument("logs", type=PATH, nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--good",
    metavar=_PERIOD,
    help="When it was good: two dates or moments, in UTC without an offset, of which TO is not "
    "part of it, or a run.  [default: found, with --bad]",
)
@click.option("--bad", metavar=_PERIOD, help="When it was bad.")
@click.option(
    "--labels",
    "tables",
    type=PATH,
    multiple=True,
    metavar="TABLE",
    help="A table with request_id and label; repeat.",
)
@click.option(
    "--documents",
    type=PATH,
    metavar="TABLE",
    help="A table with request_id and text, whose words are compared.  [default: what the log "
    "captured]",
)
@click.option(
    "--explain",
    "explaining",
    type=PATH,
    metavar="BUNDLE",
    help="Tell which words and columns drive the answers of this bundle differently, of up to 200 "
    "documents of each period; a table of documents has its columns, too.",
)
@trust_option("Let the bundle load this class or function; repeat.")
@report_option(".html", ".md")
@click.option(
    "--fail-on",
    type=click.Choice(["finding", "alarm"]),
    help="Exit 1 where something changed beyond chance, or an alarm was raised in the bad period.",
)
@json_option
def diagnose(  # noqa: PLR0913 (click calls by name)
    *,
    logs: Sequence[Path],
    good: str | None,
    bad: str | None,
    tables: Sequence[Path],
    documents: Path | None,
    explaining: Path | None,
    trust: tuple[str, ...],
    out: Path | None,
    fail_on: str | None,
    as_json: bool,
) -> None:
    """Say what changed in LOG... between a good and a bad period, ranked by what undoing restores.

    Logs are JSON Lines of any replicas, runs and days, plain, .gz or .zst. Labels come from the
    log, where they were sent to /v1/feedback, and from tables. Which words came and went is told of
    documents that the log captured, or of those in --documents, and with --explain which words and
    columns drive the answers differently; a report with words is a file that only its owner may
    read.
    """
    from guards.diagnosis.cautions import log_notes
    from guards.diagnosis.playbook import diagnose as walk
    from guards.events.log_table import LogTable
    from service.cli.diagnosis_text import diagnosis_lines

    if (good is None) != (bad is None):
        message = "give both --good and --bad, or neither to have them found"
        raise CallError(message)
    put_in = _put_in(explaining, trust, documents)
    with log_progress(logs, "reading") as progress:
        table = LogTable.read(logs, progress.update)
    with table as log:
        periods = None if good is None or bad is None else _periods(log, good, bad)
        labels, left_out, notes = _true_labels(log, tables)
        walked = walk(log, periods, labels)
        account = log.account
        notes = (*log_notes(account), *notes, *walked.notes)
        diagnosis = put_in(replace(walked, notes=notes), log)
    if out is not None:
        _write_report(out, diagnosis, account)
    print_notes(diagnosis.notes)
    if as_json:
        print_json(
            {
                **diagnosis.to_json(),
                "log": account.to_json(),
                "label_rows_left_out": left_out,
            }
        )
    else:
        print_lines(*diagnosis_lines(diagnosis, account))
    failed = {"finding": bool(diagnosis.findings), "alarm": diagnosis.alarmed}
    if fail_on and failed[fail_on]:
        sys.exit(ExitCode.NO)


def _put_in(
    explaining: Path | None, trust: Sequence[str], documents: Path | None
) -> Callable[[Diagnosis, LogTable], Diagnosis]:
    """Return what puts words, and effects where a bundle is ``explaining``, into a diagnosis.

    The bundle is judged and opened before the logs are read, which may take minutes.
    """
    if explaining is None:
        from service.cli.diagnosed_words import with_words

        return lambda diagnosis, log: with_words(diagnosis, log, documents)
    from service.cli.diagnosed_effects import open_explaining, with_words_and_effects

    bundle = open_explaining(explaining, trust, documents)
    return lambda diagnosis, log: with_words_and_effects(diagnosis, log, bundle, documents)


def _write_report(path: Path, diagnosis: Diagnosis, account: LogAccount) -> None:
    from guards.diagnosis.report.markdown import markdown
    from guards.diagnosis.report.page import page

    text = markdown(diagnosis) if path.suffix == ".md" else page(diagnosis, account)
    private = diagnosis.words is not None or diagnosis.effects is not None
    write_report(path, text, private=private)


def _periods(log: LogTable, good: str, bad: str) -> tuple[Period, Period]:
    from guards.diagnosis.periods import parse_period, refuse_overlap

    runs = log.runs
    periods = parse_period(good, "--good", runs), parse_period(bad, "--bad", runs)
    refuse_overlap(*periods)
    return periods


def _true_labels(
    log: LogTable, tables: Sequence[Path]
) -> tuple[Mapping[str, str], int, Sequence[str]]:
    """Return the labels that came regardless of the answers, by request id.

    And how many rows of tables were left out, and a note on labels that were drawn: they would have
    to be weighted.
    """
    from guards.evidence.labels import KnownLabels, LabelSource
    from guards.labels import KnownLabel
    from service.cli.label_tables import add_tables

    labels = log.all_labels
    known = KnownLabels(log.feedback(), KnownLabel(labels))
    left_out = add_tables(known, tables, labels)
    given = [label for label in known.labels.values() if label.label is not None]
    found = {
        label.request_id: str(label.label) for label in given if label.source is LabelSource.TRUTH
    }
    drawn = len(given) - len(found)
    note = f"{counted(drawn, 'label')} of drawn documents left out: a period is not a draw"
    return found, left_out, [note] if drawn else []

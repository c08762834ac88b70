"""``understudy compare``: champion against challenger, from logs and labels."""

from __future__ import annotations

import sys
from math import isnan
from typing import TYPE_CHECKING, get_args

import click

from guards.errors import CallError
from guards.evidence.criteria import Guardrail, Policy, Rule
from service.cli.comparison_text import TablesRead, comparison_text
from service.cli.options import PATH, challenger_option, json_option
from service.cli.output import log_progress, print_json, print_lines
from service.cli.report_file import report_option, write_report
from service.durations import seconds_of
from service.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["compare"]


class _Margin(click.FloatRange):
    """A number between two others; one that is none lies outside of every range."""

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if isnan(number):
            self.fail(f"{value!r} is no number between {self.min:g} and {self.max:g}", param, ctx)
        return number


@click.command(
    epilog="\b\nExample:\n  understudy compare understudy.jsonl --labels labels.csv --if better"
)
@click.argument("logs", type=PATH, nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--labels",
    "tables",
    type=PATH,
    multiple=True,
    metavar="TABLE",
    help="A table with request_id and label; repeat.",
)
@challenger_option("Only this one.  [default: all]")
@click.option(
    "--if",
    "rule",
    type=click.Choice(get_args(Rule)),
    default="better",
    show_default=True,
    help="What a promotion asks for.",
)
@click.option(
    "--margin",
    type=_Margin(0, 1, min_open=True, max_open=True),
    default=0.02,
    show_default=True,
    help="The loss of accuracy that not-worse allows.",
)
@click.option(
    "--guardrail",
    "guardrails",
    multiple=True,
    metavar="KIND[:NAME]=D",
    help="class:NAME=D, segment:NAME=D, cost=RATIO or errors=SHARE must be shown to hold; repeat.",
)
@click.option(
    "--ripe", metavar="DURATION", help="How old a labelled document must be, as 12h or 7d."
)
@click.option(
    "--require-robust",
    is_flag=True,
    help="Promote only if it holds with every missed document counted against the challenger.",
)
@report_option(".html")
@json_option
def compare(  # noqa: PLR0913 (click calls by name)
    *,
    logs: Sequence[Path],
    tables: Sequence[Path],
    challenger: str | None,
    rule: Rule,
    margin: float,
    guardrails: Sequence[str],
    ripe: str | None,
    require_robust: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare champion and challengers on the documents of LOG...; exit 0 to promote, else 1.

    Logs are JSON Lines of any replicas, runs and days, plain, .gz or .zst. The last champion is
    compared. Labels come from the log, where they were sent to /v1/feedback, and from tables.
    """
    from guards.comparison.comparison import compare_logs, last_champion
    from guards.comparison.page import page
    from guards.events.log_table import LogTable
    from guards.evidence.labels import KnownLabels
    from guards.labels import KnownLabel
    from service.cli.label_tables import add_tables

    policy = Policy(
        rule=rule,
        margin=margin,
        guardrails=tuple(map(Guardrail.parse, guardrails)),
        require_robust=require_robust,
    )
    ripe_s = None if ripe is None else _seconds(ripe)
    with log_progress(logs, "reading") as progress:
        table = LogTable.read(logs, progress.update)
    with table as log:
        champion, _, _ = last_champion(log, challenger)
        labels = log.labels(champion.identity)
        known = KnownLabels(log.feedback(), KnownLabel(labels))
        left_out = add_tables(known, tables, labels)
        comparison = compare_logs(log, known, policy, challenger=challenger, ripe_s=ripe_s)
    if out is not None:
        write_report(out, page(comparison))
    if as_json:
        print_json({**comparison.to_json(), "label_rows_left_out": left_out})
    else:
        print_lines(*comparison_text(comparison, TablesRead(len(tables), left_out)).split("\n"))
    decision = comparison.challengers[0].verdict.decision
    sys.exit(ExitCode.DONE if decision == "promote" else ExitCode.NO)


def _seconds(ripe: str) -> float:
    try:
        return seconds_of(ripe)
    except ValueError as error:
        message = f"--ripe: {error}"
        raise CallError(message) from None

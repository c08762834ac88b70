"""``understudy train``: a labelled table in, a sealed bundle out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import click

from artifacts.tables import ColumnRoles, read_table
from artifacts.training import TrainingOptions
from artifacts.training import train as train_bundle
from guards.integrity.manifest import Long
from service.cli.figures import show_figures

__all__ = ["train"]

_EXAMPLE = """
\b
Example:
  understudy train reviews.csv --text title --text body --label verdict \\
      --numeric age --categorical department --base ./bert --out artifacts/store/reviews/1
"""


@click.command(epilog=_EXAMPLE)
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--text", multiple=True, required=True, metavar="COL", help="A text column; repeat.")
@click.option("--label", required=True, metavar="COL", help="The column with the label.")
@click.option("--numeric", multiple=True, metavar="COL", help="A numeric column; repeat.")
@click.option("--categorical", multiple=True, metavar="COL", help="A categorical column; repeat.")
@click.option(
    "--private", multiple=True, metavar="COL", help="Never log this column's values; repeat."
)
@click.option("--time", metavar="COL", help="Order rows by this column; hold the last ones out.")
@click.option(
    "--validation",
    type=click.Path(path_type=Path),
    metavar="TABLE",
    help="Hold these rows out instead of a split of TABLE.",
)
@click.option("--base", metavar="DIR_OR_HUB_ID", help="Fine-tune this model, not a small new one.")
@click.option("--epochs", type=click.IntRange(1), default=3, show_default=True)
@click.option(
    "--max-length",
    type=click.IntRange(8),
    default=256,
    show_default=True,
    help="Tokens kept of a text.",
)
@click.option(
    "--long",
    type=click.Choice(get_args(Long)),
    default="head",
    show_default=True,
    help="What is kept of a longer text: its head, head and tail, or all in windows that overlap.",
)
@click.option(
    "--freeze-encoder",
    is_flag=True,
    help="Train the layers above the encoder only, for ten times the epochs: they cost little.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--accelerate/--no-accelerate",
    default=True,
    show_default=True,
    help="Build the quantised engine too, and compare its answers.",
)
@click.option("--name", help="The bundle's name.  [default: from --out]")
@click.option("--version", help="The bundle's version.  [default: from --out]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="NAME/VERSION")
def train(  # noqa: PLR0913 (one parameter an option)
    *,
    table: Path,
    text: tuple[str, ...],
    label: str,
    numeric: tuple[str, ...],
    categorical: tuple[str, ...],
    private: tuple[str, ...],
    time: str | None,
    validation: Path | None,
    base: str | None,
    epochs: int,
    max_length: int,
    long: Long,
    freeze_encoder: bool,
    seed: int,
    accelerate: bool,
    name: str | None,
    version: str | None,
    as_json: bool,
    out: Path,
) -> None:
    """Fine-tune a BERT-family classifier on TABLE (.csv, .parquet or .jsonl) and seal a bundle.

    Fits the preprocessing on the training rows, calibrates on held-out rows, and builds from them
    the reference that live traffic is compared with. OUT is the bundle itself.
    """
    roles = ColumnRoles(text, label, numeric, categorical, private, time)
    options = TrainingOptions(
        base, epochs, max_length, long, freeze_encoder, seed, name, version, accelerate
    )
    held_out = None if validation is None else read_table(validation, roles)
    report = train_bundle(read_table(table, roles), roles, out, options, held_out)
    for note in report.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"sealed {out}  {report.fingerprint}", err=True)
    if as_json:
        click.echo(json.dumps({"fingerprint": report.fingerprint, **report.metrics}))
    else:
        show_figures(report.metrics, "held-out rows")

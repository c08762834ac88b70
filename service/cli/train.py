"""``understudy train``: train a classifier on a labelled table, and seal it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import click

from guards.bundle.manifest import Long
from guards.errors import CallError
from service.cli.options import (
    PATH,
    bundle_options,
    role_options,
    skip_unknown_option,
    tokenizer_option,
)
from service.cli.output import report_sealing

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.pretrained.tokenizer import TokenizerFrom
    from artifacts.tables import ColumnRoles

__all__ = ["train"]

_EXAMPLE = """
\b
Example:
  understudy train reviews.csv --text title --text body --label verdict \\
      --numeric age --categorical department --base ./bert --out artifacts/store/reviews/1
"""


@click.command(epilog=_EXAMPLE)
@click.argument("table", type=PATH)
@role_options
@click.option("--time", metavar="COL", help="Order rows by this column; hold the last ones out.")
@click.option(
    "--validation",
    type=PATH,
    metavar="TABLE",
    help="Hold these rows out instead of a split of TABLE.",
)
@skip_unknown_option
@click.option(
    "--base", metavar="DIR_OR_HUB_ID", help="Fine-tune this model instead of a small new one."
)
@tokenizer_option
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
    help="What is kept of a longer text: head, head and tail, or all of it in overlapping windows.",
)
@click.option(
    "--freeze-encoder",
    is_flag=True,
    help="Train only the layers above the encoder, for ten times as many epochs.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@bundle_options
def train(  # noqa: PLR0913 (one parameter an option)
    *,
    table: Path,
    roles: ColumnRoles,
    time: str | None,
    validation: Path | None,
    skip_unknown: bool,
    base: str | None,
    epochs: int,
    tokenizer_from: TokenizerFrom | None,
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

    Fits the preprocessing on the training rows. The held-out rows are used for the temperature,
    the figures, and the reference that live traffic is compared with. OUT is the bundle itself.
    """
    if skip_unknown and validation is None:
        message = "--skip-unknown-labels is about the rows of --validation, and there is none"
        raise CallError(message)

    from service.cli.labelled import read_held_out, read_training

    roles = replace(roles, time=time)
    rows = read_training(table, roles)
    held_out = None
    if validation is not None:
        held_out = read_held_out(validation, roles, {*rows.labels}, skip_unknown=skip_unknown)

    from artifacts.training.train import TrainingOptions
    from artifacts.training.train import train as train_bundle

    options = TrainingOptions(
        base=base,
        epochs=epochs,
        tokenizer_from=tokenizer_from,
        max_length=max_length,
        long=long,
        freeze_encoder=freeze_encoder,
        seed=seed,
        name=name,
        version=version,
        accelerate=accelerate,
    )
    report = train_bundle(rows, roles, out, options, held_out)
    report_sealing(report, out, "held-out rows", as_json=as_json)

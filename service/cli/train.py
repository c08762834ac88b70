"""``understudy train``: train a classifier on a labelled table, and seal it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, get_args

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
from service.cli.output import print_notes, report_sealing

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.pretrained.tokenizer import TokenizerFrom
    from artifacts.tables import ColumnRoles
    from artifacts.training.checkpoints import Checkpoints

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
@click.option(
    "--epochs",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="Passes over the training rows; the best one on the held-out rows is kept.",
)
@click.option(
    "--early-stopping",
    type=click.IntRange(1),
    metavar="N",
    help="Stop after N epochs without a better one.  [default: never]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=16,
    show_default=True,
    help="Documents in a batch.",
)
@click.option(
    "--accumulate",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Batches whose gradients make a step.",
)
@click.option(
    "--class-weights",
    type=click.Choice(["balanced"]),
    help="Weigh the loss in inverse proportion to the rows of a class, so that rare classes are "
    "learnt; probabilities are calibrated to the classes as they are.  [default: no weights]",
)
@click.option(
    "--bf16/--no-bf16",
    default=None,
    help="Compute in bfloat16, with float32 weights.  [default: on a GPU that has it]",
)
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
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option(
    "--checkpoints",
    type=PATH,
    metavar="DIR",
    help="Keep checkpoints here until the bundle is sealed.  [default: .training-NAME beside OUT]",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint of the same training.")
@click.option(
    "--report-to",
    multiple=True,
    metavar="TRACKER",
    help="Report to this tracker: tensorboard, mlflow, wandb, …; none for none.  [default: none]",
)
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
    early_stopping: int | None,
    batch_size: int,
    accumulate: int,
    class_weights: Literal["balanced"] | None,
    bf16: bool | None,
    max_length: int,
    long: Long,
    freeze_encoder: bool,
    seed: int,
    checkpoints: Path | None,
    resume: bool,
    report_to: tuple[str, ...],
    accelerate: bool,
    name: str | None,
    version: str | None,
    as_json: bool,
    out: Path,
) -> None:
    """Fine-tune a BERT-family classifier on TABLE (.csv, .tsv, .parquet, .jsonl) and seal a bundle.

    Fits the preprocessing on the training rows. The held-out rows are used for the temperature,
    the figures, and the reference that live traffic is compared with. OUT is the bundle itself.
    """
    _check_validation(table, validation, skip_unknown=skip_unknown)

    from artifacts.tables.labels import check_classes
    from artifacts.training.base_options import check_base_options
    from artifacts.training.checkpoints import Checkpoints
    from artifacts.training.launcher import check_launcher
    from artifacts.training.trackers import trackers_of
    from service.cli.labelled import read_held_out, read_training

    check_base_options(base, freeze_encoder=freeze_encoder, tokenizer_from=tokenizer_from)
    check_launcher()
    trackers_of(report_to)
    kept = Checkpoints.of(out, checkpoints, resume=resume)

    roles = replace(roles, time=time)
    rows = read_training(table, roles)
    check_classes(rows.labels, roles.label, rows.name)
    held_out = None
    if validation is not None:
        held_out = read_held_out(validation, roles, {*rows.labels}, skip_unknown=skip_unknown)

    from artifacts.training.options import TrainingOptions
    from artifacts.training.train import train as train_bundle

    options = TrainingOptions(
        base=base,
        epochs=epochs,
        tokenizer_from=tokenizer_from,
        early_stopping=early_stopping,
        batch_size=batch_size,
        accumulate=accumulate,
        class_weights=class_weights,
        bf16=bf16,
        max_length=max_length,
        long=long,
        freeze_encoder=freeze_encoder,
        seed=seed,
        checkpoints=checkpoints,
        resume=resume,
        report_to=report_to,
        name=name,
        version=version,
        accelerate=accelerate,
    )
    told: list[str] = []

    def tell(note: str) -> None:
        told.append(note)
        print_notes([note])

    try:
        report = train_bundle(rows, roles, out, options, held_out, on_note=tell)
    except KeyboardInterrupt:
        raise click.Abort(_interrupted(kept)) from None
    report_sealing(report, out, "held-out rows", as_json=as_json, told=told)


def _check_validation(table: Path, validation: Path | None, *, skip_unknown: bool) -> None:
    """Raise ``CallError`` where options about the validation rows cannot be meant."""
    if skip_unknown and validation is None:
        message = "--skip-unknown-labels is about the rows of --validation, and there is none"
        raise CallError(message)
    if validation is not None and _is_same(validation, table):
        message = (
            f"--validation {validation}: is the table that is trained on; leave it out to hold a "
            "part of it out"
        )
        raise CallError(message)


def _interrupted(checkpoints: Checkpoints) -> str:
    """Return what is said of a training that was interrupted, and how to go on with it."""
    if checkpoints.last() is None:
        return "interrupted, before the first checkpoint"
    return (
        "interrupted; the same command with --resume goes on from the last checkpoint in "
        f"{checkpoints.directory}"
    )


def _is_same(first: Path, second: Path) -> bool:
    return first.exists() and second.exists() and first.samefile(second)

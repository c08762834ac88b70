"""``understudy seal``: a model, and columns, that were trained elsewhere, sealed as a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import click

from artifacts.foreign.sealing import SealingOptions, seal_foreign
from artifacts.tables import ColumnRoles, read_table
from service.cli.figures import show_figures

__all__ = ["seal"]

_EXAMPLE = """
\b
Example:
  understudy seal --model ./my-bert --columns columns.joblib --reference held_out.csv \\
      --text body --label verdict --numeric age --categorical department \\
      --out artifacts/store/reviews/1
"""


@click.command(epilog=_EXAMPLE)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    required=True,
    metavar="HF_DIR",
    help="A sequence classifier and its tokenizer, as save_pretrained writes them.",
)
@click.option(
    "--reference",
    type=click.Path(path_type=Path),
    required=True,
    metavar="TABLE",
    help="Labelled rows that training did not see.",
)
@click.option("--text", multiple=True, required=True, metavar="COL", help="A text column; repeat.")
@click.option("--label", required=True, metavar="COL", help="The column with the label.")
@click.option(
    "--columns",
    type=click.Path(path_type=Path),
    metavar="FILE.joblib",
    help="The fitted Pipeline or ColumnTransformer that encodes the columns.",
)
@click.option("--numeric", multiple=True, metavar="COL", help="A numeric column; repeat.")
@click.option("--categorical", multiple=True, metavar="COL", help="A categorical column; repeat.")
@click.option(
    "--private", multiple=True, metavar="COL", help="Never log this column's values; repeat."
)
@click.option(
    "--max-length",
    type=click.IntRange(8),
    help="Tokens kept of a text.  [default: from the tokenizer's files]",
)
@click.option(
    "--calibration",
    type=click.Choice(["temperature", "none"]),
    default="temperature",
    show_default=True,
    help="Fit a temperature on TABLE, or keep the model's own probabilities.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="MODULE.CLASS",
    help="Let the columns load this too; whoever serves must confirm it; repeat.",
)
@click.option(
    "--accept-fitted-under",
    "accepted",
    multiple=True,
    metavar="VERSION",
    help="Take columns that this other version of scikit-learn fitted; repeat.",
)
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
def seal(  # noqa: PLR0913 (one parameter an option)
    *,
    model: Path,
    reference: Path,
    text: tuple[str, ...],
    label: str,
    columns: Path | None,
    numeric: tuple[str, ...],
    categorical: tuple[str, ...],
    private: tuple[str, ...],
    max_length: int | None,
    calibration: str,
    trust: tuple[str, ...],
    accepted: tuple[str, ...],
    accelerate: bool,
    name: str | None,
    version: str | None,
    as_json: bool,
    out: Path,
) -> None:
    """Seal a model and preprocessing that were trained elsewhere.

    Tries on the columns what can arrive in service (unknown and missing values, numbers out of
    range), compares the tokenizer's files with each other, and refuses what would answer otherwise
    than in training. TABLE gives the temperature, the figures, and the reference that live traffic
    is compared with. OUT is the bundle itself.
    """
    roles = ColumnRoles(text, label, numeric, categorical, private)
    options = SealingOptions(
        model=model,
        columns=columns,
        max_length=max_length,
        calibrate=calibration == "temperature",
        trusted=trust,
        accepted=accepted,
        name=name,
        version=version,
        accelerate=accelerate,
    )
    report = seal_foreign(read_table(reference, roles), roles, out, options)
    for note in report.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"sealed {out}  {report.fingerprint}", err=True)
    if as_json:
        notes = list(report.notes)
        click.echo(
            json.dumps({"fingerprint": report.fingerprint, "notes": notes, **report.metrics})
        )
    else:
        show_figures(report.metrics, f"rows of {reference}")

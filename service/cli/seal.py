"""``understudy seal``: seal a model and preprocessing that were trained elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.options import PATH, bundle_options, role_options, tokenizer_option, trust_option
from service.cli.output import report_sealing

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.pretrained.tokenizer import TokenizerFrom
    from artifacts.tables import ColumnRoles

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
    type=PATH,
    required=True,
    metavar="HF_DIR",
    help="A sequence classifier and its tokenizer, as save_pretrained writes them.",
)
@click.option(
    "--reference",
    type=PATH,
    required=True,
    metavar="TABLE",
    help="Labelled rows that training did not see.",
)
@role_options
@click.option(
    "--columns",
    type=PATH,
    metavar="FILE.joblib",
    help="The fitted Pipeline or ColumnTransformer that encodes the columns.",
)
@tokenizer_option
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
@trust_option("Let the columns load this class or function, as serving must, too; repeat.")
@click.option(
    "--accept-fitted-under",
    "accepted",
    multiple=True,
    metavar="VERSION",
    help="Take columns that this other version of scikit-learn fitted; repeat.",
)
@click.option(
    "--accept-labels",
    is_flag=True,
    help="Seal even where the answers fit the labels of TABLE far better with labels exchanged.",
)
@bundle_options
def seal(  # noqa: PLR0913 (one parameter an option)
    *,
    model: Path,
    reference: Path,
    roles: ColumnRoles,
    columns: Path | None,
    tokenizer_from: TokenizerFrom | None,
    max_length: int | None,
    calibration: str,
    trust: tuple[str, ...],
    accepted: tuple[str, ...],
    accept_labels: bool,
    accelerate: bool,
    name: str | None,
    version: str | None,
    as_json: bool,
    out: Path,
) -> None:
    """Seal a model and preprocessing that were trained elsewhere.

    Tries the values that can occur in service (unknown, missing, out of range) on the columns,
    compares the tokenizer's files with each other, and refuses what would not work as it did in
    training. TABLE is used for the temperature, the figures, and the reference that live traffic
    is compared with. OUT is the bundle itself.
    """
    from service.cli.labelled import read_training

    rows = read_training(reference, roles)

    from artifacts.imported.import_model import ImportOptions, import_model

    options = ImportOptions(
        model=model,
        columns=columns,
        tokenizer_from=tokenizer_from,
        max_length=max_length,
        calibrate=calibration == "temperature",
        trusted=trust,
        accepted=accepted,
        accept_labels=accept_labels,
        name=name,
        version=version,
        accelerate=accelerate,
    )
    report = import_model(rows, roles, out, options)
    report_sealing(report, out, f"rows of {reference}", as_json=as_json)

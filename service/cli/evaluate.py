"""``understudy evaluate``: measure a bundle on a labelled table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from artifacts.bundle.opening import open_bundle
from artifacts.evaluation.evaluate_bundle import measure
from service.cli.labelled import read_labelled
from service.cli.options import PATH, json_option, known_label_option, skip_unknown_option
from service.cli.output import print_figures, print_json

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["evaluate"]


@click.command(epilog="\b\nExample:\n  understudy evaluate artifacts/store/reviews/1 fresh.csv")
@click.argument("bundle", type=PATH)
@click.argument("table", type=PATH)
@known_label_option
@skip_unknown_option
@json_option
def evaluate(
    *, bundle: Path, table: Path, label: str | None, skip_unknown: bool, as_json: bool
) -> None:
    """Measure accuracy, F1, precision, recall and calibration error of BUNDLE on TABLE."""
    opened = open_bundle(bundle)
    figures = measure(opened, read_labelled(opened, table, label, skip_unknown=skip_unknown))
    if as_json:
        print_json({**opened.identity.to_json(), **figures})
    else:
        print_figures(figures, f"rows of {table}")

"""``understudy evaluate``: how good a bundle is on a labelled table."""

from __future__ import annotations

import json
from pathlib import Path

import click

from artifacts.evaluation import plain_figures
from artifacts.measuring import measure
from artifacts.opening import open_bundle
from service.cli.figures import show_figures
from service.cli.labelled import read_labelled

__all__ = ["evaluate"]


@click.command(epilog="\b\nExample:\n  understudy evaluate artifacts/store/reviews/1 fresh.csv")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--label", metavar="COL", help="The label column.  [default: as in training]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate(bundle: Path, table: Path, label: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Measure accuracy, F1, precision, recall and calibration error of BUNDLE on TABLE."""
    opened = open_bundle(bundle)
    figures = plain_figures(measure(opened, read_labelled(opened, table, label)))
    if as_json:
        click.echo(json.dumps({**opened.identity, **figures}))
    else:
        show_figures(figures, f"rows of {table}")

"""``understudy evaluate``: how good a bundle is on a labelled table."""

from __future__ import annotations

import json
from pathlib import Path

import click

from artifacts.evaluation import plain_figures
from artifacts.measuring import measure
from artifacts.opening import Bundle, open_bundle
from artifacts.tables import ColumnRoles, read_table
from guards.errors import CallError
from service.cli.figures import show_figures

__all__ = ["evaluate"]


@click.command(epilog="\b\nExample:\n  understudy evaluate artifacts/store/reviews/1 fresh.csv")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--label", metavar="COL", help="The label column.  [default: as in training]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def evaluate(bundle: Path, table: Path, label: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Measure accuracy, F1, precision, recall and calibration error of BUNDLE on TABLE."""
    opened = open_bundle(bundle)
    schema = opened.preprocessing.schema
    roles = ColumnRoles(
        text=schema.text,
        label=_label_column(label, opened),
        numeric=tuple(column.name for column in schema.numeric),
        categorical=tuple(column.name for column in schema.categorical),
    )
    figures = plain_figures(measure(opened, read_table(table, roles)))
    if as_json:
        click.echo(json.dumps({**opened.identity, **figures}))
    else:
        show_figures(figures, f"rows of {table}")


def _label_column(label: str | None, opened: Bundle) -> str:
    column = label or opened.manifest.lineage.get("label_column")
    if not isinstance(column, str):
        message = f"{opened.path}: does not say which column has the label; give --label COL"
        raise CallError(message)
    return column

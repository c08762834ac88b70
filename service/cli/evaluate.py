"""``understudy evaluate``: measure a bundle on a labelled table, or compare two on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guards.bundle.layout import MANIFEST
from guards.errors import CallError
from guards.integrity.requirements import Requirements
from service.cli.figures_text import comparison_lines, names_of
from service.cli.judged import require_judged
from service.cli.options import (
    PATH,
    json_option,
    known_label_option,
    skip_unknown_option,
    trust_option,
)
from service.cli.output import print_figures, print_json, print_lines

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["evaluate"]

_EXAMPLE = """
\b
Example:
  understudy evaluate artifacts/store/reviews/1 fresh.csv
  understudy evaluate artifacts/store/reviews/1 artifacts/store/reviews/2 fresh.csv
"""


@click.command(epilog=_EXAMPLE)
@click.argument("paths", type=PATH, nargs=-1, required=True, metavar="BUNDLE [BUNDLE] TABLE")
@known_label_option
@skip_unknown_option
@trust_option("Let the bundles load this class or function; repeat.")
@json_option
def evaluate(
    *,
    paths: tuple[Path, ...],
    label: str | None,
    skip_unknown: bool,
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure accuracy, F1, precision, recall and calibration error of BUNDLE on TABLE.

    Two bundles are compared with each other on the same rows: the difference in accuracy with its
    interval, and the rows that only one of them has right.
    """
    bundles, table = _bundles_and_table(paths)

    from artifacts.bundle.opening import open_bundle
    from artifacts.evaluation.compare_bundles import compare_bundles
    from artifacts.evaluation.evaluate_bundle import measure
    from service.cli.labelled import read_labelled

    judged = require_judged(bundles, Requirements(trusted=trust))
    opened = list(map(open_bundle, bundles, judged))
    tables = [read_labelled(bundle, table, label, skip_unknown=skip_unknown) for bundle in opened]
    if len(opened) > 1:
        comparison = compare_bundles(opened, tables)
        names = names_of([bundle.identity for bundle in opened], bundles)
        if as_json:
            print_json(comparison)
        else:
            print_lines(*comparison_lines(comparison, names, f"rows of {table}"))
        return
    figures = measure(opened[0], tables[0])
    if as_json:
        print_json({**opened[0].identity.to_json(), **figures})
    else:
        print_figures(figures, f"rows of {table}")


def _bundles_and_table(paths: tuple[Path, ...]) -> tuple[tuple[Path, ...], Path]:
    """Return one bundle or two, and the table after them; ``CallError`` for another order."""
    *bundles, table = paths
    files = [path for path in bundles if path.is_file()]
    message = None
    if not bundles:
        missing = "the table that it is measured on" if _is_bundle(table) else "the bundle"
        message = f"{table}: {missing} is missing: give a bundle, or two, and then a table"
    elif len(bundles) > 2:  # noqa: PLR2004 (a comparison is of two)
        message = f"{len(bundles)} bundles before {table}: one is measured, and two are compared"
    elif files and _is_bundle(table):
        message = f"{files[0]} is a table and {table} a bundle: the bundle comes first"
    elif files:
        message = f"{files[0]} is a file, and a bundle is a directory: the table comes last, once"
    elif _is_bundle(table):
        message = f"{table} is a bundle: the table that it is measured on comes last"
    if message is not None:
        raise CallError(message)
    return tuple(bundles), table


def _is_bundle(path: Path) -> bool:
    return (path / MANIFEST).exists()

"""``understudy explain``: which words and columns drive the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guards.bundle.layout import MANIFEST
from guards.errors import CallError
from guards.integrity.requirements import Requirements
from guards.text import printable
from service.cli.explanation_text import WITHOUT_CAPTUM, explanation_lines
from service.cli.judged import require_judged
from service.cli.options import PATH, json_option, trust_option
from service.cli.output import print_json, print_lines, print_notes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["explain"]

_EXAMPLE = """
\b
Example:
  understudy explain artifacts/store/reviews/1 march.csv
  understudy explain artifacts/store/reviews/1 march.csv april.csv
"""


@click.command(epilog=_EXAMPLE)
@click.argument("bundle", type=PATH, metavar="BUNDLE")
@click.argument("tables", type=PATH, nargs=-1, required=True, metavar="TABLE [TABLE]")
@trust_option("Let the bundle load this class or function; repeat.")
@json_option
def explain(
    *, bundle: Path, tables: tuple[Path, ...], trust: tuple[str, ...], as_json: bool
) -> None:
    """Show which words and columns drive the answers of BUNDLE to the documents of TABLE.

    Two tables are shown side by side, with the words and columns whose effect differs, and the
    words that came and went. Labels are not needed. Of a larger table, 500 documents are drawn.
    Words are shown where five documents or more have them.
    """
    _check_order(bundle, tables)

    from artifacts.bundle.opening import open_bundle
    from artifacts.explanation.explain import explain as explained_by
    from artifacts.explanation.integrated_gradients import can_integrate
    from service.cli.labelled import read_unlabelled

    (judged,) = require_judged([bundle], Requirements(trusted=trust))
    opened = open_bundle(bundle, judged)
    read = [read_unlabelled(opened, table) for table in tables]
    if not can_integrate():
        print_notes([WITHOUT_CAPTUM])
    explanation = explained_by(opened, read)
    if as_json:
        print_json(explanation)
    else:
        print_lines(*explanation_lines(explanation))


def _check_order(bundle: Path, tables: Sequence[Path]) -> None:
    """Raise ``CallError`` unless the arguments are a bundle and then one table or two."""
    message = None
    second = next((table for table in tables if (table / MANIFEST).exists()), None)
    if second is not None:
        message = f"{second} is a bundle: one bundle is explained, and a table or two follow it"
    elif bundle.is_file():
        message = f"{bundle} is a file, and a bundle is a directory: the bundle comes first"
    elif len(tables) > 2:  # noqa: PLR2004 (two are shown side by side)
        message = f"{len(tables)} tables: one is explained, and two are shown side by side"
    if message is not None:
        raise CallError(printable(message))

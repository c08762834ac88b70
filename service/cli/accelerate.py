"""``understudy accelerate``: give a sealed bundle a faster engine, with its parity report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from artifacts.acceleration.accelerating import accelerate as accelerate_bundle
from artifacts.acceleration.building import parity_records
from artifacts.opening import open_bundle
from guards.integrity import Demands
from guards.integrity.parity import ENGINES, MAX_FLIPS
from service.cli.labelled import read_labelled

__all__ = ["accelerate"]

_NO = 1

_EXAMPLE = """
\b
Example:
  understudy accelerate artifacts/store/reviews/1 --documents held_out.csv
"""


@click.command(epilog=_EXAMPLE)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--engine",
    multiple=True,
    type=click.Choice(ENGINES),
    help="Build this engine; repeat.  [default: the fastest within the budget]",
)
@click.option(
    "--max-flips",
    type=click.FloatRange(0, 1),
    default=MAX_FLIPS,
    show_default=True,
    help="The share of documents whose label may change.",
)
@click.option(
    "--documents",
    type=click.Path(path_type=Path),
    metavar="TABLE",
    help="Compare on these labelled rows, which training did not see.  [default: the probes]",
)
@click.option("--label", metavar="COL", help="The label column.  [default: as in training]")
@click.option("--trust", multiple=True, metavar="MODULE.CLASS", help="As `understudy verify`.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def accelerate(  # noqa: PLR0913 (one parameter an option)
    *,
    bundle: Path,
    engine: tuple[str, ...],
    max_flips: float,
    documents: Path | None,
    label: str | None,
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Build BUNDLE's network in fewer bits, and compare its answers with the network's own.

    Within the budget of changed labels the engine becomes part of the bundle, which is another
    root fingerprint: renew pins and signatures. Above it the bundle stays as it is (exit 1).
    """
    opened = open_bundle(bundle, Demands(trusted=trust))
    rows = None if documents is None else read_labelled(opened, documents, label).documents
    done = accelerate_bundle(opened, rows, max_flips, engine)
    if as_json:
        parity = parity_records(done.built)
        click.echo(json.dumps({"fingerprint": done.fingerprint, "parity": parity}))
    else:
        click.echo("\n".join(done.notes))
    for one in done.built:
        for change in one.parity.notable:
            click.echo(f"note: {one.engine}: {change}", err=True)
    if not done.added:
        sys.exit(_NO)
    click.echo(f"sealed {bundle}  {done.fingerprint}", err=True)

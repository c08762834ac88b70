"""``understudy accelerate``: add a faster engine to a sealed bundle, with a parity report."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from guards.bundle.engines import ENGINES
from guards.bundle.layout import ENGINE_ANSWERS, ENGINE_GRAPH, engine_part
from guards.errors import GuardRefused
from guards.integrity.parity import MAX_FLIPS
from guards.integrity.requirements import Requirements
from service.cli.judged import require_judged
from service.cli.options import PATH, json_option, known_label_option, trust_option
from service.cli.output import print_json, print_lines, print_notes, print_sealed
from service.exit_codes import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["accelerate"]

_ENGINE_OF = {
    subject: engine
    for engine in ENGINES
    for subject in (
        engine,
        engine_part(engine, ENGINE_ANSWERS),
        engine_part(engine, ENGINE_GRAPH),
    )
}
"""The engine of each subject that a finding about one has."""

_EXAMPLE = """
\b
Example:
  understudy accelerate artifacts/store/reviews/1 --documents held_out.csv
"""


@click.command(epilog=_EXAMPLE)
@click.argument("bundle", type=PATH)
@click.option(
    "--engine",
    multiple=True,
    type=click.Choice(ENGINES),
    help="Build this engine; repeat.  [default: the fastest within --max-flips]",
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
    type=PATH,
    metavar="TABLE",
    help="Compare on these labelled rows, which training did not see.  [default: the probes]",
)
@known_label_option
@trust_option("Let the bundle load this class or function; repeat.")
@json_option
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
    """Add a faster engine to BUNDLE, and compare its answers with the network's.

    If no more labels change than --max-flips allows, the engine becomes part of the bundle. This
    changes the root fingerprint: renew pins and signatures. Otherwise the bundle stays as it is
    (exit 1). An engine that the guard refuses is replaced, or removed.
    """
    from artifacts.acceleration.building import parity_records
    from artifacts.bundle.opening import open_bundle
    from artifacts.sealing.add_engine import accelerate as accelerate_bundle
    from service.cli.labelled import read_labelled

    judged = _judged(bundle, Requirements(trusted=trust))
    opened = open_bundle(bundle, judged)
    rows = None if documents is None else read_labelled(opened, documents, label).documents
    acceleration = accelerate_bundle(opened, rows, max_flips, engine)
    if as_json:
        parity = parity_records(acceleration.built)
        print_json({"fingerprint": acceleration.fingerprint, "parity": parity})
    else:
        print_lines(*acceleration.notes)
    for built in acceleration.built:
        print_notes(f"{built.engine}: {change}" for change in built.parity.notable)
    print_notes(f"{name}: removed, the guard refused it" for name in acceleration.removed)
    if not acceleration.sealed:
        sys.exit(ExitCode.NO)
    print_sealed(bundle, acceleration.fingerprint)


def _judged(bundle: Path, requirements: Requirements) -> Requirements:
    """Judge a bundle; engines are left out where they alone are refused."""
    try:
        (judged,) = require_judged([bundle], requirements)
    except GuardRefused as refusal:
        engines = {_ENGINE_OF.get(finding.subject) for finding in refusal.findings}
        new = engines - {*requirements.left_out}
        if None in engines or not new:
            raise
        left_out = (*requirements.left_out, *filter(None, new))
        return _judged(bundle, replace(requirements, left_out=left_out))
    return judged

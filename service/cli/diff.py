"""``understudy diff``: what differs between two bundles, in words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guards.errors import GuardRefused
from guards.integrity import read_sealed
from guards.integrity.comparison import SECTIONS, diff_bundles
from guards.integrity.wording import printable

if TYPE_CHECKING:
    from guards.integrity import SealedFiles
    from guards.integrity.comparison import BundleDiff

__all__ = ["diff"]

_MOST_LINES = 40
_DIFFERENT = 1


@click.command(
    epilog="\b\nExample:\n  understudy diff artifacts/store/reviews/1 artifacts/store/reviews/2"
)
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def diff(a: Path, b: Path, *, as_json: bool) -> None:
    """Say what differs between the bundles A and B: exit 0 when nothing does, else 1.

    Every byte is compared with its manifest first; nothing is loaded or executed.
    """
    found = diff_bundles(_read(a), _read(b))
    if as_json:
        click.echo(json.dumps(found.to_json()))
    else:
        _show(found)
    sys.exit(0 if found.alike else _DIFFERENT)


def _read(path: Path) -> SealedFiles:
    try:
        return read_sealed(path)
    except GuardRefused as refusal:
        raise GuardRefused(str(path), refusal.findings) from refusal


def _show(found: BundleDiff) -> None:
    one, other = (printable(f"{side['name']}/{side['version']}") for side in (found.a, found.b))
    are = "are" if found.preprocessed_alike else "are not"
    click.echo(f"{one} and {other} {are} preprocessed alike")
    for section in SECTIONS:
        words = [
            difference.words for difference in found.differences if difference.section == section
        ]
        if words:
            click.echo(section)
        for line in words[:_MOST_LINES]:
            click.echo(f"  {printable(line)}")
        if len(words) > _MOST_LINES:
            click.echo(f"  … and {len(words) - _MOST_LINES} more (all of them with --json)")
    if found.alike:
        click.echo("nothing differs")

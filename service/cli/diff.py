"""``understudy diff``: what differs between two bundles, in words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from guards.bundle.sealed_files import read_sealed
from guards.errors import GuardRefused
from guards.integrity.differences.bundle_diff import SECTIONS, diff_bundles
from service.cli.judged import judged_roots
from service.cli.options import PATH, json_option, trust_option
from service.cli.output import print_json, print_lines
from service.exit_codes import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from guards.bundle.sealed_files import SealedFiles
    from guards.integrity.differences.bundle_diff import BundleDiff

__all__ = ["diff"]

_MAX_LINES = 40


@click.command(
    epilog="\b\nExample:\n  understudy diff artifacts/store/reviews/1 artifacts/store/reviews/2"
)
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@trust_option("Taken as by other commands; nothing is loaded here.")
@json_option
def diff(a: Path, b: Path, *, trust: tuple[str, ...], as_json: bool) -> None:  # noqa: ARG001 (as by other commands)
    """List what differs between the bundles A and B; exit 0 if nothing does, else 1.

    Each bundle is compared with its manifest first; nothing is loaded or executed.
    """
    bundle_diff = diff_bundles(*map(_read, (a, b), judged_roots([a, b])))
    if as_json:
        print_json(bundle_diff.to_json())
    else:
        _print(bundle_diff)
    sys.exit(ExitCode.DONE if bundle_diff.alike else ExitCode.NO)


def _read(path: Path, root: str) -> SealedFiles:
    try:
        return read_sealed(path, root)
    except GuardRefused as refusal:
        raise GuardRefused(str(path), refusal.findings) from refusal


def _print(bundle_diff: BundleDiff) -> None:
    a, b = (f"{bundle['name']}/{bundle['version']}" for bundle in (bundle_diff.a, bundle_diff.b))
    are = "are" if bundle_diff.preprocessed_alike else "are not"
    print_lines(f"{a} and {b} {are} preprocessed alike")
    for section in SECTIONS:
        lines = [
            difference.words
            for difference in bundle_diff.differences
            if difference.section == section
        ]
        if lines:
            print_lines(section)
        print_lines(*(f"  {line}" for line in lines[:_MAX_LINES]))
        if len(lines) > _MAX_LINES:
            print_lines(f"  … and {len(lines) - _MAX_LINES} more (all of them with --json)")
    if bundle_diff.alike:
        print_lines("nothing differs")

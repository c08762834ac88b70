"""``understudy verify``: the startup guard, offline."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from artifacts.opening import open_bundle
from guards.errors import GuardRefused
from service.cli.main import GUARD_REFUSED

__all__ = ["verify"]


@click.command(epilog="\b\nExample:\n  understudy verify artifacts/store/reviews/1")
@click.argument("bundles", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(bundles: tuple[Path, ...], *, as_json: bool) -> None:
    """Judge each of BUNDLES as a starting service would: exit 0, or 78 with the findings."""
    judged = [_judge(bundle) for bundle in bundles]
    if as_json:
        click.echo(json.dumps({"bundles": judged}))
    sys.exit(0 if all(entry["passed"] for entry in judged) else GUARD_REFUSED)


def _judge(bundle: Path) -> dict[str, object]:
    try:
        identity: dict[str, object] = dict(open_bundle(bundle).identity)
    except GuardRefused as refusal:
        click.echo(f"{bundle}: refused", err=True)
        for finding in refusal.findings:
            click.echo(f"  {finding}", err=True)
        findings = [finding.to_json() for finding in refusal.findings]
        return {"bundle": str(bundle), "passed": False, "findings": findings}
    click.echo(f"{bundle}: passed  {identity['fingerprint']}", err=True)
    return {"bundle": str(bundle), "passed": True, "findings": [], **identity}

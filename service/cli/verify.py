"""``understudy verify``: the startup guard, offline."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from tqdm import tqdm

from artifacts.opening import Bundle, open_bundle
from guards.errors import GuardRefused
from guards.integrity import Demands, Policy
from guards.integrity.environment import environment_differences
from service.cli.main import GUARD_REFUSED
from service.settings import PREFIX, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.errors import Finding

__all__ = ["verify"]

_EXAMPLE = """
\b
Example:
  understudy verify artifacts/store/reviews/1
  understudy verify artifacts/store/reviews/1 --signature-key public.pem --json
"""


@click.command(epilog=_EXAMPLE)
@click.argument("bundles", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--policy",
    type=click.Choice(get_args(Policy)),
    help="What other library versions lead to.  [default: UNDERSTUDY_ENVIRONMENT_POLICY]",
)
@click.option(
    "--pin",
    metavar="FINGERPRINT",
    help="The root that each bundle must have.  [default: UNDERSTUDY_PIN]",
)
@click.option(
    "--signature-key",
    "signature_keys",
    multiple=True,
    metavar="FILE",
    help="A public key that may have signed; repeat.  [default: UNDERSTUDY_SIGNATURE_KEYS]",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="MODULE.CLASS",
    help="Let a bundle that declares this class load it; repeat.  [default: UNDERSTUDY_TRUST]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def verify(  # noqa: PLR0913 (one parameter an option)
    bundles: tuple[Path, ...],
    *,
    policy: Policy | None,
    pin: str | None,
    signature_keys: tuple[str, ...],
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Judge each of BUNDLES as a starting service would: exit 0, or 78 with the findings.

    What is not given as an option comes from the UNDERSTUDY_* variables that the service reads.
    """
    # With a champion named, nobody looks for the file that would name one.
    settings = read_settings({**os.environ, f"{PREFIX}CHAMPION": str(bundles[0])})
    demands = Demands(
        environment=policy or settings.environment_policy,
        pin=pin or settings.pin,
        signature_keys=signature_keys or settings.signature_keys,
        trusted=trust or settings.trust,
    )
    progress = tqdm(bundles, desc="judging", unit="bundle", disable=None, leave=False)
    judged = [_judge(bundle, demands) for bundle in progress]
    if as_json:
        click.echo(json.dumps({"bundles": judged}))
    sys.exit(0 if all(entry["passed"] for entry in judged) else GUARD_REFUSED)


def _judge(path: Path, demands: Demands) -> dict[str, Any]:
    try:
        bundle = open_bundle(path, demands)
    except GuardRefused as refusal:
        _say(f"{path}: refused", refusal.findings)
        return {"bundle": str(path), "passed": False, "findings": _plain(refusal.findings)}
    _say(f"{path}: passed  {bundle.manifest.fingerprint}", bundle.tolerated)
    return {"bundle": str(path), "passed": True, "findings": [], **_passed(bundle)}


def _passed(bundle: Bundle) -> dict[str, Any]:
    differing = environment_differences(bundle.manifest.environment)
    return {
        **bundle.identity,
        "environment_differences": {
            library: {"sealed": sealed, "installed": installed}
            for library, (sealed, installed) in differing.items()
        },
        "tolerated": _plain(bundle.tolerated),
    }


def _plain(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [finding.to_json() for finding in findings]


def _say(verdict: str, findings: Iterable[Finding]) -> None:
    """Write lines for a person, around the progress bar where there is one."""
    for line in (verdict, *(f"  {finding}" for finding in findings)):
        tqdm.write(line, file=sys.stderr)

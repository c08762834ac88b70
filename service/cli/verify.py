"""``understudy verify``: run the startup guard offline."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, get_args

import click
from tqdm import tqdm

from guards.errors import GuardRefused
from guards.integrity.environment import environment_differences
from guards.integrity.requirements import Policy, Requirements
from service.cli.options import PATH, json_option, trust_option
from service.cli.output import print_json, print_lines
from service.exit_codes import ExitCode
from service.settings import PREFIX, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from guards.errors import Finding
    from guards.json_types import JsonObject

__all__ = ["verify"]

_EXAMPLE = """
\b
Example:
  understudy verify artifacts/store/reviews/1
  understudy verify artifacts/store/reviews/1 --signature-key public.pem --json
"""


@click.command(epilog=_EXAMPLE)
@click.argument("bundles", nargs=-1, required=True, type=PATH)
@click.option(
    "--policy",
    type=click.Choice(get_args(Policy)),
    help="How other library versions are judged.  [default: UNDERSTUDY_ENVIRONMENT_POLICY]",
)
@click.option(
    "--pin",
    metavar="FINGERPRINT",
    help="The root fingerprint that each bundle must have.  [default: UNDERSTUDY_PIN]",
)
@click.option(
    "--signature-key",
    "signature_keys",
    multiple=True,
    metavar="FILE",
    help="A public key that may have signed; repeat.  [default: UNDERSTUDY_SIGNATURE_KEYS]",
)
@trust_option("Let a bundle load this class or function; repeat.")
@json_option
def verify(  # noqa: PLR0913 (one parameter an option)
    bundles: tuple[Path, ...],
    *,
    policy: Policy | None,
    pin: str | None,
    signature_keys: tuple[str, ...],
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check each of BUNDLES as a starting service would; exit 78 if any is refused.

    Options default to the UNDERSTUDY_* variables that the service reads.
    """
    # With a champion set, the roles file is not read.
    settings = read_settings({**os.environ, f"{PREFIX}CHAMPION": str(bundles[0])})
    requirements = Requirements(
        environment=policy or settings.environment_policy,
        pin=pin or settings.pin,
        signature_keys=signature_keys or settings.signature_keys,
        trusted=trust,
    )
    progress = tqdm(bundles, desc="judging", unit="bundle", disable=None, leave=False)
    judged = [_judge(bundle, requirements) for bundle in progress]
    if as_json:
        print_json({"bundles": judged})
    passed = all(entry["passed"] for entry in judged)
    sys.exit(ExitCode.DONE if passed else ExitCode.GUARD_REFUSED)


def _judge(path: Path, requirements: Requirements) -> JsonObject:
    from artifacts.bundle.opening import open_bundle

    try:
        bundle = open_bundle(path, requirements)
    except GuardRefused as refusal:
        _report(f"{path}: refused", refusal.findings)
        return {"bundle": str(path), "passed": False, "findings": _findings_json(refusal.findings)}
    _report(f"{path}: passed  {bundle.manifest.fingerprint}", bundle.tolerated)
    return {"bundle": str(path), "passed": True, "findings": [], **_passed(bundle)}


def _passed(bundle: Bundle) -> JsonObject:
    differing = environment_differences(bundle.manifest.environment)
    return {
        **bundle.identity.to_json(),
        "environment_differences": {
            library: {"sealed": sealed, "installed": installed}
            for library, (sealed, installed) in differing.items()
        },
        "tolerated": _findings_json(bundle.tolerated),
    }


def _findings_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [finding.to_json() for finding in findings]


def _report(verdict: str, findings: Iterable[Finding]) -> None:
    """Write a verdict and its findings to standard error, without breaking the progress bar."""
    lines = (line for finding in findings for line in f"  {finding}".split("\n"))
    print_lines(verdict, *lines, err=True)

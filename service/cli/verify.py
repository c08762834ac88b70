"""``understudy verify``: run the startup guard offline."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, get_args

import click
from tqdm import tqdm

from guards.bundle.engines import ONNX_INT8
from guards.errors import GuardRefused
from guards.integrity.environment import environment_differences
from guards.integrity.requirements import Policy, Requirements
from service.cli.options import PATH, json_option, trust_option
from service.cli.output import print_json
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
  understudy verify artifacts/store/reviews/1 --deep
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
@click.option(
    "--deep",
    is_flag=True,
    help="Also derive the graph of a quantised engine again from the weights, and compare both: "
    "as long as `accelerate` takes.",
)
@json_option
def verify(  # noqa: PLR0913 (one parameter an option)
    bundles: tuple[Path, ...],
    *,
    policy: Policy | None,
    pin: str | None,
    signature_keys: tuple[str, ...],
    trust: tuple[str, ...],
    deep: bool,
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
    judged = [_judge(bundle, requirements, deep=deep) for bundle in progress]
    if as_json:
        print_json({"bundles": judged})
    passed = all(entry["passed"] for entry in judged)
    sys.exit(ExitCode.DONE if passed else ExitCode.GUARD_REFUSED)


def _judge(path: Path, requirements: Requirements, *, deep: bool) -> JsonObject:
    from artifacts.bundle.opening import open_bundle

    try:
        bundle = open_bundle(path, requirements)
        figures = _derived(bundle) if deep else {}
    except GuardRefused as refusal:
        _report(f"{path}: refused", refusal.findings)
        return {"bundle": str(path), "passed": False, "findings": _findings_json(refusal.findings)}
    _report(f"{path}: passed  {bundle.manifest.fingerprint}", bundle.tolerated)
    return {"bundle": str(path), "passed": True, "findings": [], **_passed(bundle), **figures}


def _derived(bundle: Bundle) -> JsonObject:
    """Derive the graph again; raises ``GuardRefused`` where it is another."""
    from artifacts.acceleration.building import require_libraries

    require_libraries()
    from artifacts.acceleration.deriving import derive_again

    derivation = derive_again(bundle)
    if derivation is None:
        return {"deep": {}}
    if derivation.findings:
        raise GuardRefused(str(bundle.path), derivation.findings)
    return {"deep": {ONNX_INT8: derivation.to_json()}}


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
    for line in (verdict, *(f"  {finding}" for finding in findings)):
        tqdm.write(line, file=sys.stderr)

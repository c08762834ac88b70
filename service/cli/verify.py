"""``understudy verify``: run the startup guard offline."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, get_args

import click
from tqdm import tqdm

from guards.integrity.requirements import Policy, Requirements
from guards.text import listed
from service.cli.options import PATH, json_option, trust_option
from service.cli.output import print_json, print_lines
from service.exit_codes import ExitCode
from service.lifecycle.judging import Question, judge
from service.settings import AUTO, PREFIX, allowance_of, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from guards.errors import Finding
    from guards.integrity.isolation.limits import Allowance
    from guards.json_types import JsonMapping, JsonObject
    from service.lifecycle.judging import Judgement

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
    questions = [Question(str(bundle), requirements, AUTO, deep=deep) for bundle in bundles]
    judged = [_report(judgement) for judgement in _with_progress(questions, allowance_of(settings))]
    if as_json:
        print_json({"bundles": judged})
    passed = all(entry["passed"] for entry in judged)
    sys.exit(ExitCode.DONE if passed else ExitCode.GUARD_REFUSED)


def _with_progress(questions: Sequence[Question], allowance: Allowance) -> Iterable[Judgement]:
    return tqdm(
        judge(questions, allowance),
        total=len(questions),
        desc="judging",
        unit="bundle",
        disable=None,
        leave=False,
    )


def _report(judgement: Judgement) -> JsonObject:
    """Write a judgement to standard error, and return it as JSON."""
    identity = judgement.identity
    if identity is None:
        _write(f"{judgement.path}: refused", judgement.findings)
        passed: JsonObject = {}
    else:
        shown = (*judgement.tolerated, *judgement.unusable)
        _write(f"{judgement.path}: passed  {identity.fingerprint}", shown)
        print_lines(*(f"  reference: nobody is told {what}" for what in judgement.lacks), err=True)
        if judgement.taught is not None:
            print_lines(_taught(judgement.taught), err=True)
        derived = {} if judgement.deep is None else {"deep": judgement.deep}
        passed = {**identity.to_json(), **_libraries(judgement), **derived}
    return {
        "bundle": judgement.path,
        "passed": identity is not None,
        "findings": _findings_json(judgement.findings),
        **passed,
    }


def _libraries(judgement: Judgement) -> JsonObject:
    differing = judgement.environment_differences
    return {
        "environment_differences": {
            library: {"sealed": sealed, "installed": installed}
            for library, (sealed, installed) in differing.items()
        },
        "tolerated": _findings_json(judgement.tolerated),
        "unusable_engines": _findings_json(judgement.unusable),
        "not_watched": list(judgement.lacks),
        "taught": judgement.taught,
    }


def _taught(taught: JsonMapping) -> str:
    """Return what the reference has learnt from."""
    return (
        f"  reference: has learnt from {taught['documents']:,} documents, {taught['from']} to "
        f"{taught['to']}; segments: {listed(taught['segments'])}"
    )


def _findings_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    return [finding.to_json() for finding in findings]


def _write(verdict: str, findings: Iterable[Finding]) -> None:
    """Write a verdict and its findings to standard error, without breaking the progress bar."""
    lines = (line for finding in findings for line in f"  {finding}".split("\n"))
    print_lines(verdict, *lines, err=True)

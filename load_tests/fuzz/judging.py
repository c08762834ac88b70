"""Have the guard judge damaged bundles and use those that pass, and say what went wrong."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from load_tests.fuzz.damage.hostile import CANARY
from load_tests.fuzz.processes import Run, SilenceLimits, run_watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.json_types import JsonValue

__all__ = ["Judgement", "judge", "use"]

_LIMITS = SilenceLimits(cpu_s=10.0 + 6.0, wall_s=120.0)
"""What a bundle may take, with the import of libraries before the first and after a death.

Wall time ends only what waits: a busy machine gives a process a part of a processor.
"""

_MAX_BYTES = 3 * 1024**3
"""The most memory that all processes may hold together, of which libraries take .5 GB."""

_VERIFY = (sys.executable, "-P", "-c", "from service.cli import main; main()", "verify")
_USE = (sys.executable, "-P", "-m", "load_tests.fuzz.using")
_ROOT = str(Path(__file__).resolve().parents[2])
_TEXTS = ("code", "subject", "expected", "observed", "remedy")
_OURS = re.compile(r"  \w+: |    (expected|observed|remedy)  ")


@dataclass(slots=True)
class Judgement:
    """What became of one bundle: passed, or the codes of its findings; and what went wrong."""

    bundle: Path
    passed: bool = False
    codes: tuple[str, ...] = ()
    failure: str | None = None
    took_s: float = 0.0
    peak_bytes: int = 0


def judge(bundles: Sequence[Path]) -> list[Judgement]:
    """Run ``understudy verify`` on all bundles at once."""
    return _run_on(_VERIFY, bundles, _as_judgement)


def use(bundles: Sequence[Path]) -> list[Judgement]:
    """Open bundles that have passed and let them answer hostile documents."""
    return _run_on(_USE, bundles, _as_use)


def _run_on(
    command: Sequence[str],
    bundles: Sequence[Path],
    read: Callable[[Path, JsonValue], Judgement],
) -> list[Judgement]:
    """Run a command on bundles; where one of them ends it, the others are given to it again."""
    if not bundles:
        return []
    scratch = bundles[0].parent
    run = run_watched(
        [*command, "--json", *map(str, bundles)],
        cwd=scratch,
        environment={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": _ROOT},
        limits=_LIMITS,
        max_bytes=_MAX_BYTES,
    )
    times_s = _times_s(run, bundles)
    answers = _answers(run)
    if answers is None:
        at = min(len(times_s), len(bundles) - 1)
        guilty = Judgement(bundles[at], failure=_why(run), peak_bytes=run.peak_bytes)
        before, after = bundles[:at], bundles[at + 1 :]
        return [*_run_on(command, before, read), guilty, *_run_on(command, after, read)]
    judged = [read(bundle, answer) for bundle, answer in zip(bundles, answers, strict=True)]
    for judgement, took_s in zip(judged, times_s, strict=False):
        judgement.took_s, judgement.peak_bytes = took_s, run.peak_bytes
    _add_noise(run, judged)
    _add_execution(scratch, judged)
    return judged


def _times_s(run: Run, bundles: Sequence[Path]) -> list[float]:
    """Return how long each bundle took, as far as a line came for it; the first one unknown."""
    names = {f"{bundle}: " for bundle in bundles}
    came = [at for at, line in run.lines if any(line.startswith(name) for name in names)]
    return [0.0, *(after - before for before, after in pairwise(came))][: len(came)]


def _answers(run: Run) -> list[JsonValue] | None:
    try:
        answers: list[JsonValue] = json.loads(run.output)["bundles"]
    except (ValueError, KeyError):
        return None
    return answers


def _why(run: Run) -> str:
    last = next((line for _, line in reversed(run.lines) if line.strip()), "")
    return f"{run.stopped or f'it ended with {run.code}'}; {ascii(last)[:200]}"


def _as_judgement(bundle: Path, answer: JsonValue) -> Judgement:
    findings = answer["findings"]
    judgement = Judgement(bundle, answer["passed"], tuple(one["code"] for one in findings))
    if not judgement.passed and not findings:
        judgement.failure = "refused without a finding"
    for finding in findings:
        for name in _TEXTS:
            text = finding[name]
            if not text:
                judgement.failure = f"{finding['code']} has no {name}"
            elif not text.isprintable():
                judgement.failure = f"{finding['code']}: {name} is not printable"
    return judgement


def _as_use(bundle: Path, answer: JsonValue) -> Judgement:
    return Judgement(bundle, passed=True, failure=answer["failure"])


def _add_noise(run: Run, judged: list[Judgement]) -> None:
    """Blame a line that no command of ours writes on the bundle whose verdict comes next."""
    at = 0
    for _, line in run.lines:
        here = judged[min(at, len(judged) - 1)]
        if any(line.startswith(f"{one.bundle}: ") for one in judged):
            at += 1
        elif not _OURS.match(line) or not line.isprintable():
            here.failure = here.failure or f"printed {ascii(line)[:200]}"


def _add_execution(scratch: Path, judged: list[Judgement]) -> None:
    """Payloads make a file in the current directory; which of the bundles did is not known."""
    if (scratch / CANARY).exists():
        (scratch / CANARY).unlink()
        for judgement in judged:
            judgement.failure = "this bundle, or one beside it, ran what it says"

"""Damage bundles, have them judged, use those that pass, and count."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from load_tests.fuzz.drawing import Damaged, draw_damaged
from load_tests.fuzz.judging import Judgement, judge, use
from load_tests.fuzz.report import Failure, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["fuzz_bundles", "make_bases", "try_bundles"]

_BATCH = 96
_MAKING_S = 120.0


def fuzz_bundles(minutes: float, seed: int, keep: Path, first: int = 0) -> Report:
    """Try damaged bundles for so long; those that something went wrong with are kept."""
    with tempfile.TemporaryDirectory() as directory:
        bases = make_bases(Path(directory) / "bases")
        report, number = Report("bundles", seed), first
        ends_s = time.monotonic() + minutes * 60
        while time.monotonic() < ends_s:
            scratch = Path(directory) / "batch"
            scratch.mkdir()
            try:
                made = _drawn(seed, range(number, number + _BATCH), bases, scratch)
                report.not_made += _BATCH - len(made)
                try_bundles(made, report, keep)
            finally:
                _remove(scratch)
            number += _BATCH
            report.print_progress()
    return report


def make_bases(directory: Path) -> list[Path]:
    """Make the bundles to start from, in a process of its own: this one does without torch."""
    command = (sys.executable, "-W", "ignore", "-m", "load_tests.fuzz.bases", str(directory))
    subprocess.run(command, check=True)  # noqa: S603 (our own command)
    return sorted(directory.glob("*/1"))


def try_bundles(made: Mapping[Path, Damaged], report: Report, keep: Path) -> None:
    """Judge damaged bundles, use those that pass, and report."""
    judged = judge([*made])
    for one in judged:
        outcome = "passed" if one.passed else (one.codes or ("failed",))[0]
        report.add(made[one.bundle].kind, outcome)
    for one in (*judged, *use([one.bundle for one in judged if one.passed])):
        report.slowest_s = max(report.slowest_s, one.took_s)
        report.peak_bytes = max(report.peak_bytes, one.peak_bytes)
        if one.failure is not None:
            report.add_failure(Failure(one.failure, made[one.bundle].to_json()))
            _keep(one, made[one.bundle], keep)


def _drawn(
    seed: int, numbers: Sequence[int], bases: Sequence[Path], scratch: Path
) -> dict[Path, Damaged]:
    """Draw bundles in a process of its own, for some damages are hard to write.

    Return by path what was done to those that could be written.
    """
    making = multiprocessing.get_context("fork").Process(
        target=_make, args=(seed, numbers, bases, scratch)
    )
    making.start()
    making.join(_MAKING_S)
    making.kill()
    making.join()
    files = {scratch / name: scratch / f"{name}.json" for name in map(str, numbers)}
    return {
        path: Damaged(**json.loads(file.read_bytes()))
        for path, file in files.items()
        if file.exists()
    }


def _make(seed: int, numbers: Sequence[int], bases: Sequence[Path], scratch: Path) -> None:
    for number in numbers:
        try:
            damaged = draw_damaged(seed, number, bases, scratch / str(number))
        except (OSError, ValueError, OverflowError, MemoryError, RecursionError):
            continue
        (scratch / f"{number}.json").write_text(json.dumps(damaged.to_json()))


def _keep(judgement: Judgement, damaged: Damaged, keep: Path) -> None:
    """Keep a bundle with what was done to it and what went wrong."""
    keep.mkdir(parents=True, exist_ok=True)
    kept = keep / f"{damaged.seed}-{damaged.number}"
    note = {**damaged.to_json(), "failure": judgement.failure}
    kept.with_suffix(".json").write_text(json.dumps(note, indent=1))
    if not kept.exists():
        shutil.move(judgement.bundle, kept)


def _remove(directory: Path) -> None:
    """Remove a batch, however deep its directories are: the library's own function recurses."""
    subprocess.run(["rm", "-rf", str(directory)], check=True)  # noqa: S603, S607 (a common command)

"""The table: which finding comes first for each cause, and what undoing it restores."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from guards.diagnosis.phrases import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.diagnosis.findings import DiagnosisFinding
    from load_tests.diagnosis.causes import Cause
    from load_tests.diagnosis.measuring import Measurement

__all__ = ["print_table"]

_MIN_RESTORED = 0.8
_MAX_OTHER = 0.3
_WIDTHS = (32, 40, 24, 44, 8)


def print_table(measurement: Measurement, causes: Sequence[Cause]) -> int:
    """Print a row for each cause, and return how many miss their target.

    The cause must be first and restore at least 80 % of the drop, and no other finding 30 %.
    """
    _print_row("cause", "first finding", "restores, interval", "largest other", "CPU s", "")
    missed = 0
    for cause in causes:
        started_s = _cpu_s()
        findings = measurement.diagnosis(cause).findings
        used_s = _cpu_s() - started_s
        is_met = _is_met(cause, findings)
        missed += not is_met
        verdict = "ok" if is_met else f"missed, expected {_name(*cause.finding)}"
        _print_row(cause.name, *_told(findings), f"{used_s:.1f}", verdict)
    print(f"{len(causes) - missed} of {len(causes)} causes are within the target")
    return missed


def _cpu_s() -> float:
    """Return the processor seconds of this process and its children so far."""
    return sum(os.times()[:4])


def _is_met(cause: Cause, findings: Sequence[DiagnosisFinding]) -> bool:
    if not findings:
        return False
    first, *others = findings
    return (
        (first.code, first.subject) == cause.finding
        and _share(first) >= _MIN_RESTORED
        and all(_share(other) < _MAX_OTHER for other in others)
    )


def _told(findings: Sequence[DiagnosisFinding]) -> Iterator[str]:
    """Yield the first finding, what it restores, and the other one that restores most."""
    if not findings:
        yield from ("none", "", "")
        return
    first, *others = findings
    yield _name(first.code, first.subject)
    yield _restores(first)
    other = max(others, key=_share, default=None)
    yield "none" if other is None else f"{_name(other.code, other.subject)} {_restores(other)}"


def _name(code: str, subject: str) -> str:
    return f"{code}: {subject}"


def _share(finding: DiagnosisFinding) -> float:
    """Return the share that is restored, 0 where that is unknown."""
    return 0.0 if finding.restores is None else finding.restores.share


def _restores(finding: DiagnosisFinding) -> str:
    restored = finding.restores
    if restored is None:
        return "unknown"
    return f"{percent(restored.share)}, {percent(restored.low)} to {percent(restored.high)}"


def _print_row(*cells: str) -> None:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    print(" ".join([*padded, *cells[len(padded) :]]).rstrip(), flush=True)

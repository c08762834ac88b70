"""A diagnosis as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.chance import MIN_BLOCKS
from guards.diagnosis.findings import CODES
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.diagnosis.chance import Change
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.playbook import Diagnosis
    from guards.events.reading import LogAccount

__all__ = ["diagnosis_lines"]

_MAX_INPUTS = 8


def diagnosis_lines(diagnosis: Diagnosis, account: LogAccount) -> Iterator[str]:
    """Yield what a diagnosis says: the answer first, then what it rests on."""
    yield _answer(diagnosis)
    yield ""
    for name, period, documents in zip(
        ("good", "bad"), (diagnosis.good, diagnosis.bad), diagnosis.documents, strict=True
    ):
        yield f"{name}: {period}, {counted(documents, 'document')}"
    for name, change in diagnosis.drop.changes.items():
        yield _change(name, change)
    if account.missing:
        yield f"log: {account.lines} lines, {account.missing} missing"
    for number, finding in enumerate(diagnosis.findings, start=1):
        yield ""
        yield from _finding(number, finding)
    if diagnosis.inputs:
        told = diagnosis.inputs[:_MAX_INPUTS]
        moved = ", ".join(
            f"{each.input.name} ({each.moved.metric} {each.moved.value:.2f})" for each in told
        )
        more = len(diagnosis.inputs) - len(told)
        yield ""
        yield f"inputs that moved: {moved}" + (f", and {more} more" if more else "")


def _answer(diagnosis: Diagnosis) -> str:
    if diagnosis.could_be_chance:
        return "nothing changed beyond what chance does: the periods differ as good ones do"
    if not diagnosis.findings:
        return "something changed, and neither inputs nor our side tell what"
    first = diagnosis.findings[0]
    return f"{CODES[first.code]}: {first.subject} ({_restores(first)})"


def _change(name: str, change: Change) -> str:
    text = (
        f"{name}: {change.before:.4f} → {change.now:.4f} "
        f"({change.size:+.4f}, 95 % interval {change.low:+.4f} to {change.high:+.4f})"
    )
    if change.p_value is None:
        return (
            f"{text}; the good period has {counted(change.blocks, 'hour')} with documents, "
            f"{MIN_BLOCKS} are needed to tell this from chance"
        )
    return f"{text}; chance does as much in {100 * change.p_value:.2g} % of good periods"


def _finding(number: int, finding: DiagnosisFinding) -> Iterator[str]:
    yield f"{number}. {finding.code}: {finding.subject} ({_restores(finding)})"
    if finding.expected or finding.observed:
        yield f"   good: {finding.expected or '-'}"
        yield f"   bad:  {finding.observed or '-'}"
    if finding.since is not None:
        yield f"   since {finding.since}"
    yield f"   next: {finding.remedy}"


def _restores(finding: DiagnosisFinding) -> str:
    restored = finding.restores
    if restored is None:
        return f"restores: unknown, at most {_percent(finding.at_most or 0.0)} is left for it"
    low, high = _percent(restored.low), _percent(restored.high)
    return f"restores {_percent(restored.share)} of the change, {low} to {high}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

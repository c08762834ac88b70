"""What is said of a diagnosis, on a terminal as on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.chance import MIN_BLOCKS
from guards.diagnosis.findings import CODES
from guards.drift.rounding import share_text
from guards.text import counted

if TYPE_CHECKING:
    from guards.diagnosis.chance import Change
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.playbook import Diagnosis

__all__ = ["answer", "change_in_words", "percent", "restores_in_words"]


def answer(diagnosis: Diagnosis) -> str:
    """Return the answer in one sentence."""
    if diagnosis.could_be_chance:
        return "nothing changed beyond what chance does: the periods differ as good ones do"
    if not diagnosis.findings:
        return "something changed, and neither inputs nor our side tell what"
    first = diagnosis.findings[0]
    return f"{CODES[first.code]}: {first.subject} ({restores_in_words(first)})"


def change_in_words(name: str, change: Change) -> str:
    """Return how a mean changed, with its interval, and whether chance could do it."""
    text = (
        f"{name}: {change.before:.4f} → {change.now:.4f} "
        f"({change.size:+.4f}, 95 % interval {change.low:+.4f} to {change.high:+.4f})"
    )
    if change.p_value is None:
        return (
            f"{text}; the good period has {counted(change.blocks, 'hour')} with documents, "
            f"{MIN_BLOCKS} are needed to tell this from chance"
        )
    return f"{text}; chance does as much in {share_text(change.p_value)} of good periods"


def restores_in_words(finding: DiagnosisFinding) -> str:
    """Return what undoing a finding restores."""
    restored = finding.restores
    if restored is None:
        return f"restores: unknown, at most {percent(finding.at_most or 0.0)} is left for it"
    low, high = percent(restored.low), percent(restored.high)
    return f"restores {percent(restored.share)} of the change, {low} to {high}"


def percent(share: float) -> str:
    """Return a share in whole percent, which may be negative, or more than all."""
    return f"{100 * share:.0f} %"

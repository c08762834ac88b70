"""What is said of a diagnosis, on a terminal as on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.chance import MIN_BLOCKS
from guards.diagnosis.class_residuals import MIN_LABELS
from guards.diagnosis.findings import CODES
from guards.drift.rounding import share_text
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.diagnosis.chance import Change
    from guards.diagnosis.class_residuals import ClassResidual, ResidualSide
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.performance import Performance
    from guards.diagnosis.playbook import Diagnosis
    from guards.diagnosis.three_terms import Term, ThreeTerms

__all__ = [
    "RESIDUALS",
    "TERMS",
    "answer",
    "changes_in_words",
    "percent",
    "residual_row",
    "restores_in_words",
    "term_in_words",
    "terms_in_words",
]

TERMS: Mapping[str, str] = {
    "known": "harder documents of known kinds",
    "same": "changed answers or meaning of the same kinds",
    "unseen": "rare or unseen kinds",
}
"""What each of the three terms of a change is."""

RESIDUALS = (
    "class answered",
    "good: right (expected)",
    "bad: right (expected)",
    "change of right - expected",
)
"""What each text of ``residual_row`` is."""


def answer(diagnosis: Diagnosis) -> str:
    """Return the answer in one sentence."""
    if diagnosis.could_be_chance:
        return "nothing changed beyond what chance does: the periods differ as good ones do"
    if not diagnosis.findings:
        return "something changed, and neither inputs nor our side tell what"
    first = diagnosis.findings[0]
    return f"{CODES[first.code]}: {first.subject} ({restores_in_words(first)})"


def changes_in_words(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield a line for each measure: how it changed between the periods."""
    for name, change in diagnosis.drop.changes.items():
        yield _change(name, change)
    if diagnosis.performance is not None:
        yield from _performance(diagnosis.performance)


def terms_in_words(terms: Mapping[str, ThreeTerms]) -> Iterator[str]:
    """Yield a line for each of the three terms, with those of every measure that has some."""
    if not terms:
        return
    for name, words in TERMS.items():
        told = (
            f"{measure} {term_in_words(getattr(each, name))}" for measure, each in terms.items()
        )
        yield f"by {words}: {', '.join(told)}"


def term_in_words(term: Term) -> str:
    """Return a part of a change with its interval."""
    return f"{_signed(term.change)} ({_signed(term.low)} to {_signed(term.high)})"


def residual_row(each: ClassResidual) -> tuple[str, str, str, str]:
    """Return how often answers of a class are right, and how that changed against expectation."""
    moved = each.moved
    if moved is None:
        told = f"unknown, fewer than {MIN_LABELS} labels"
    else:
        low, high = _signed(moved.low), _signed(moved.high)
        beyond = " beyond chance" if moved.discovered else ""
        told = f"{_signed(moved.change)} ({low} to {high}){beyond}"
    return each.name, _right(each.good), _right(each.bad), told


def _change(name: str, change: Change) -> str:
    """Return how a mean changed, with its interval, and whether chance could do it."""
    text = (
        f"{name}: {change.before:.4f} → {change.now:.4f} "
        f"({_signed(change.size)}, 95 % interval {_signed(change.low)} to {_signed(change.high)})"
    )
    if change.p_value is None:
        return (
            f"{text}; the good period has {counted(change.blocks, 'hour')} with documents, "
            f"{MIN_BLOCKS} are needed to tell this from chance"
        )
    return f"{text}; chance does as much in {share_text(change.p_value)} of good periods"


def _performance(performance: Performance) -> Iterator[str]:
    """Yield macro F1 and, where it is estimated, accuracy, which is no measured change then."""
    told = {"macro F1": performance.f1}
    if performance.estimated:
        told = {"accuracy": performance.accuracy} | told
    how = ", as the probabilities expect it" if performance.estimated else ""
    for name, figure in told.items():
        low, high = _signed(figure.change.low), _signed(figure.change.high)
        yield (
            f"{name}{how}: {figure.good:.4f} → {figure.bad:.4f} "
            f"({_signed(figure.change.change)}, 95 % interval {low} to {high})"
        )


def _right(side: ResidualSide) -> str:
    if side.shares is None:
        return "none"
    right, expected = side.shares
    return f"{100 * right:.1f} % ({100 * expected:.1f} %)"


def restores_in_words(finding: DiagnosisFinding) -> str:
    """Return what undoing a finding restores."""
    restored = finding.restores
    if restored is None:
        return f"restores: unknown, at most {percent(finding.at_most or 0.0)} is left for it"
    low, high = percent(restored.low), percent(restored.high)
    whose = "" if finding.measure is None else f" of the {finding.measure}"
    return f"restores {percent(restored.share)} of the change{whose}, {low} to {high}"


def _signed(value: float) -> str:
    # Nobody wants to read -0.
    return f"{round(value, 4) + 0.0:+.4f}"


def percent(share: float) -> str:
    """Return a share in whole percent, which may be negative, or more than all."""
    return f"{100 * share:.0f} %"

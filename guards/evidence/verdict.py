"""The verdict on a challenger: promote, keep, or undecided, with its reasons.

It is a function of the present counts and sums, so that it may be looked at any number of times.
It is never kept: later documents may take back what earlier ones showed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import TYPE_CHECKING, Literal

from guards.evidence.confidence_shift import confidence_shift, honesty
from guards.evidence.criteria import Criterion, Evidence
from guards.evidence.effects import (
    Effect,
    better_effect,
    cost_effect,
    errors_effect,
    not_worse_effect,
)
from guards.evidence.gain import Gain, Tally
from guards.evidence.labels_needed import labels_needed
from guards.evidence.quality import AGREEMENTS, coverage_criteria, label_rate_criteria
from guards.evidence.segments import OTHER_SEGMENTS
from guards.sequential.error_budget import HARM_ALPHA, PROMOTION_ALPHA, QUALITY_ALPHA, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guards.evidence.confidence_shift import Honesty
    from guards.evidence.criteria import Guardrail, Kind, Policy
    from guards.evidence.label_evidence import LabelEvidence
    from guards.evidence.labels_needed import LabelsNeeded
    from guards.evidence.pair_evidence import PairEvidence
    from guards.evidence.pair_sums import Cell
    from guards.json_types import JsonObject

__all__ = ["Decision", "Verdict", "gain_of", "gain_of_class", "gain_of_segment", "judge"]

Decision = Literal["promote", "keep", "undecided"]

_ROBUST = "robust to missing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, its reasons in words, and the criteria behind it.

    ``labels_needed`` is None once decided, and where labels would not help. ``robust_to_missing``
    says whether the success criterion would be shown if the champion alone were right on every
    document that the challenger missed, and on every drawn one that will never have a label.
    """

    decision: Decision
    because: tuple[str, ...]
    labels_needed: LabelsNeeded | None
    criteria: tuple[Criterion, ...]
    robust_to_missing: bool
    honesty: Honesty

    def to_json(self) -> JsonObject:
        """Return the verdict as plain JSON."""
        return {
            "decision": self.decision,
            "because": list(self.because),
            "labels_needed": None if self.labels_needed is None else self.labels_needed.to_json(),
            "criteria": [criterion.to_json() for criterion in self.criteria],
            "robust_to_missing": self.robust_to_missing,
            "honesty": self.honesty.to_json(),
        }


def gain_of(
    pairs: PairEvidence,
    labels: LabelEvidence | None,
    selects: Callable[[Cell], bool] = lambda _: True,
) -> Gain:
    """Return the gain over the documents that both answered in the selected cells.

    A document with a label that only one variant knows is a disagreement.
    """
    tallies: dict[float, Tally] = {}
    for (cell, probability), tally in labels.tallies.items() if labels else ():
        if selects(cell):
            tallies[probability] = tallies.get(probability, Tally()).plus(tally)
    sums = pairs.sum_of(selects)
    other = sum(count for cell, count in pairs.not_comparable.sums.items() if selects(cell))
    return Gain(sums.compared + other, sums.disagreed + other, tallies)


def gain_of_class(pairs: PairEvidence, labels: LabelEvidence | None, label: str) -> Gain:
    """Return the gain over documents to which the champion gives this label."""
    return gain_of(pairs, labels, lambda cell: cell.label == label)


def gain_of_segment(pairs: PairEvidence, labels: LabelEvidence | None, segment: str) -> Gain:
    """Return the gain over documents of a segment, or of ``OTHER_SEGMENTS``."""
    named = {*pairs.cells.segments, None}

    # A document that was sent again in another segment has its label in the last one alone, so
    # that a segment may be among the others of all observations, and not of the labelled ones.
    def selects(cell: Cell) -> bool:
        return segment == (cell.segment if cell.segment in named else OTHER_SEGMENTS)

    return gain_of(pairs, labels, selects)


def judge(pairs: PairEvidence, labels: LabelEvidence | None, policy: Policy) -> Verdict:
    """Return the verdict on a challenger; ``labels`` is None where none are known."""
    return _Case(pairs, labels, policy).verdict()


class _Case:
    """The evidence on one challenger, and what is asked of it."""

    def __init__(self, pairs: PairEvidence, labels: LabelEvidence | None, policy: Policy) -> None:
        self._pairs = pairs
        self._labels = labels
        self._policy = policy
        self._gain = gain_of(pairs, labels)
        self._alpha = shared(PROMOTION_ALPHA, policy.challengers)
        self._harm_alpha = shared(HARM_ALPHA, 1 + len(policy.guardrails))
        self._blocking = {"recent", *([AGREEMENTS] if policy.trusts_agreements else [])}

    def verdict(self) -> Verdict:
        success = self._asked(self._gain)
        worst = self._gain.with_misses(self._pairs.misses).if_given_up_were_losses()
        robust = self._asked(worst)
        guards = [(str(guard), self._guarded(guard)) for guard in self._policy.guardrails]
        quality = tuple(self._quality(robust))
        criteria = (
            _holds("success", self._policy.rule, success, self._alpha),
            *(_holds("guardrail", name, effect, PROMOTION_ALPHA) for name, effect in guards),
            _broken("accuracy", success, self._harm_alpha),
            *(_broken(name, effect, self._harm_alpha) for name, effect in guards),
            *quality,
        )
        is_robust = quality[0].shown
        decision = self._decision(criteria, robust=is_robust)
        open_question = decision == "undecided" and not criteria[0].shown
        needed = self._labels_needed() if open_question else None
        return Verdict(
            decision=decision,
            because=(
                *self._because(decision, criteria),
                *([] if needed is None else [needed.words]),
                *self._remarks([c for c in criteria if c.shown]),
            ),
            labels_needed=needed,
            criteria=criteria,
            robust_to_missing=is_robust,
            honesty=honesty(self._pairs),
        )

    def _decision(self, criteria: tuple[Criterion, ...], *, robust: bool) -> Decision:
        if any(criterion.shown for criterion in criteria if criterion.kind == "deterioration"):
            return "keep"
        asked = [c.shown for c in criteria if c.kind in ("success", "guardrail")]
        blocked = any(c.name in self._blocking and c.shown for c in criteria)
        blocked |= self._policy.require_robust and not robust
        return "promote" if all(asked) and not blocked else "undecided"

    def _asked(self, gain: Gain) -> Effect:
        """Return what is known of the rule, on all documents."""
        if self._policy.rule == "better":
            return better_effect(gain, self._alpha, self._harm_alpha)
        return not_worse_effect(gain, self._policy.margin, self._alpha, self._harm_alpha)

    def _guarded(self, guardrail: Guardrail) -> Effect:
        errors = PROMOTION_ALPHA, self._harm_alpha
        if guardrail.kind == "cost":
            return cost_effect(self._pairs.cost, guardrail.margin, *errors)
        if guardrail.kind == "errors":
            failed = self._pairs.errors
            return errors_effect(failed, failed + self._pairs.compared, guardrail.margin, *errors)
        part = gain_of_class if guardrail.kind == "class" else gain_of_segment
        gain = part(self._pairs, self._labels, guardrail.name)
        return not_worse_effect(gain, guardrail.margin, *errors)

    def _quality(self, robust: Effect) -> Iterator[Criterion]:
        missing = (
            f"with {self._pairs.misses} missed documents and {self._gain.all.given_up:.0f} without "
            "hope of a label counted against the challenger"
        )
        counted = replace(robust, words=f"{missing}, {robust.words}")
        yield _holds("quality", _ROBUST, counted, self._alpha)
        yield self._recent()
        yield from coverage_criteria(self._pairs)
        if self._labels is not None:
            yield from label_rate_criteria(self._labels)

    def _recent(self) -> Criterion:
        """Return whether the last day of labels contradicts what a promotion asks for."""
        gain = Gain(tallies=self._labels.recent if self._labels else {})
        evidence = gain.log_e_below(-self._policy.allowed_loss)
        _, high = gain.bounds(QUALITY_ALPHA, QUALITY_ALPHA)
        words = f"the last day of labels has {gain.all.wins:.0f} won, {gain.all.losses:.0f} lost"
        return Criterion.of("quality", "recent", Evidence(evidence, QUALITY_ALPHA, high, words))

    def _because(self, decision: Decision, criteria: tuple[Criterion, ...]) -> Iterator[str]:
        asked = [c for c in criteria if c.kind in ("success", "guardrail")]
        shown = [c for c in criteria if c.shown]
        if decision == "keep":
            yield from (f"harm is shown: {c.words}" for c in shown if c.kind == "deterioration")
        elif decision == "promote":
            yield from (f"shown: {c.words}" for c in asked)
        else:
            yield from (f"not shown yet: {c.words}" for c in asked if not c.shown)
            yield from (f"against it: {c.words}" for c in shown if c.name in self._blocking)
            if self._policy.require_robust:
                missing = (c for c in criteria if c.name == _ROBUST and not c.shown)
                yield from (f"not shown yet: {c.words}" for c in missing)

    def _remarks(self, shown: list[Criterion]) -> Iterator[str]:
        """Yield what does not decide, and should be known."""
        shift = confidence_shift(self._pairs.total)
        if shift.shown and shift.mean is not None:
            way = "less" if shift.mean < 0 else "more"
            yield (
                f"the challenger is {way} confident by {abs(shift.mean):.3f} "
                f"({shift.low:+.3f} to {shift.high:+.3f}) on {shift.documents} documents"
            )
        if self._gain.disagreed:
            rate = self._gain.disagreed / self._gain.compared
            yield (
                f"labels differ on {rate:.1%}: the less accurate variant errs on at least "
                f"{rate / 2:.1%}"
            )
        for criterion in shown:
            if criterion.kind == "quality" and criterion.name.startswith(("coverage", "labels")):
                yield f"be careful, {criterion.words}"
        if self._labels is not None:
            yield from _waiting(self._labels)
        yield self._errors()

    def _errors(self) -> str:
        challengers, vetoes = self._policy.challengers, 1 + len(self._policy.guardrails)
        promotion = f", divided among {challengers} challengers" if challengers > 1 else ""
        veto = f", divided among {vetoes} criteria" if vetoes > 1 else ""
        return (
            f"the probability of a wrong promotion is at most {PROMOTION_ALPHA:g}{promotion}, and "
            f"of a wrong veto {HARM_ALPHA:g}{veto}"
        )

    def _labels_needed(self) -> LabelsNeeded | None:
        first, last = self._pairs.first_us or 0, self._pairs.last_us or 0
        return labels_needed(self._gain, self._policy, -log(self._alpha), first, last)


def _waiting(labels: LabelEvidence) -> Iterator[str]:
    """Yield which labels do not count yet, and why."""
    if labels.counts.waiting:
        yield (
            f"{labels.counts.waiting} drawn documents have no label: drawn ones count in the order "
            "of time, up to the first of them"
        )
    if labels.counts.unripe:
        yield (
            f"{labels.counts.unripe} labels are of documents younger than {labels.ripe_s:.0f} s, "
            "of which only the quick labels may have come"
        )


def _holds(kind: Kind, name: str, effect: Effect, alpha: float) -> Criterion:
    return Criterion.of(kind, name, Evidence(effect.log_e_holds, alpha, effect.worst, effect.words))


def _broken(name: str, effect: Effect, alpha: float) -> Criterion:
    evidence = Evidence(effect.log_e_broken, alpha, effect.best, effect.words)
    return Criterion.of("deterioration", name, evidence)

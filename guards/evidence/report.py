"""Everything that the evidence says of one challenger, as plain JSON."""

from __future__ import annotations

from dataclasses import asdict
from math import exp
from typing import TYPE_CHECKING

from guards.evidence.confidence_shift import class_alpha, confidence_shift, segment_alpha
from guards.evidence.figures import figures, segment_accuracy
from guards.evidence.pair_sums import UNIT
from guards.evidence.segments import OTHER_SEGMENTS
from guards.evidence.verdict import gain_of, gain_of_class, gain_of_segment
from guards.sequential.confidence_sequence import rate_interval
from guards.sequential.error_budget import INTERVAL_ALPHA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.evidence.gain import Gain
    from guards.evidence.label_evidence import LabelEvidence
    from guards.evidence.pair_evidence import PairEvidence
    from guards.evidence.pair_sums import PairSums
    from guards.json_types import JsonObject

__all__ = ["challenger_report"]


def challenger_report(
    pairs: PairEvidence, labels: LabelEvidence | None, classes: Sequence[str]
) -> JsonObject:
    """Return coverage, agreement, confidence, cost and figures of a challenger.

    ``classes`` are the champion's labels. Intervals of agreement, confidence and gain are
    confidence sequences with error .05, valid however often they are looked at; those of figures
    are 95 % intervals for one look. What labels would tell is None without any.
    """
    total = pairs.total
    return {
        **_coverage(pairs),
        **_agreement(total),
        "disagreements": _disagreements(pairs),
        **_shift(total),
        "cost": _cost(pairs),
        "less_accurate_errs_on_at_least": _error_bound(total),
        "classes": _classes(pairs, labels, classes),
        "segments": _segments(pairs, labels),
        "labels": None if labels is None else {**asdict(labels.counts), "ripe_s": labels.ripe_s},
        "accuracy": _accuracy(pairs, labels),
    }


def _coverage(pairs: PairEvidence) -> JsonObject:
    missed = {reason: count for reason, count in pairs.outcomes.items() if reason != "compared"}
    return {
        "observations": pairs.observations,
        "compared": pairs.compared,
        "missed": dict(sorted(missed.items())),
        "not_comparable": sum(pairs.not_comparable.sums.values()),
        "coverage": pairs.compared / pairs.observations if pairs.observations else None,
    }


def _agreement(sums: PairSums) -> JsonObject:
    low, high = (float(end) for end in rate_interval(sums.agreed, sums.compared, INTERVAL_ALPHA))
    return {
        "agreement": sums.agreed / sums.compared if sums.compared else None,
        "agreement_interval": {"low": low, "high": high},
    }


def _disagreements(pairs: PairEvidence) -> JsonObject:
    """Return how often each two labels occurred, the champion's first."""
    matrix: dict[str, dict[str, int]] = {}
    for (champion, challenger), count in sorted(pairs.labels.items()):
        matrix.setdefault(champion, {})[challenger] = count
    return matrix


def _shift(sums: PairSums) -> JsonObject:
    shift = confidence_shift(sums)
    return {
        "confidence_shift": shift.mean,
        "confidence_shift_interval": {"low": shift.low, "high": shift.high, "shown": shift.shown},
        "confidence": {
            "champion": _mean(sums.champion_confidence, sums),
            "challenger": _mean(sums.challenger_confidence, sums),
        },
        "margin_shift": _mean(sums.margin_shift, sums),
        "entropy_shift": _mean(sums.entropy_shift, sums),
        "js_divergence": _mean(sums.divergence, sums),
        "near_boundary": {"approached": sums.approached, "receded": sums.receded},
    }


def _mean(total: int, sums: PairSums) -> float | None:
    return total / UNIT / sums.compared if sums.compared else None


def _cost(pairs: PairEvidence) -> JsonObject:
    cost = pairs.cost
    return {
        "ratio": exp(cost.ratio / UNIT / cost.documents) if cost.documents else None,
        "documents": cost.documents,
        "left_out": pairs.total.compared - cost.documents,
    }


def _error_bound(sums: PairSums) -> float | None:
    """Return half of the disagreement rate: each disagreement is an error of one of the two."""
    return sums.disagreed / sums.compared / 2 if sums.compared else None


def _classes(
    pairs: PairEvidence, labels: LabelEvidence | None, classes: Sequence[str]
) -> JsonObject:
    alpha = class_alpha(classes)
    called = {cell.label for cell in pairs.cells.sums}
    champion, challenger = _class_figures(labels)
    names = sorted({*classes, *called, *(champion or {}), *(challenger or {})})
    return {
        name: {
            **_part(pairs.of_class(name), gain_of_class(pairs, labels, name), alpha),
            "known": name in classes,
            "champion": None if champion is None else champion.get(name),
            "challenger": None if challenger is None else challenger.get(name),
        }
        for name in names
    }


def _class_figures(labels: LabelEvidence | None) -> tuple[JsonObject | None, JsonObject | None]:
    if labels is None:
        return None, None
    both = (figures(labels, of_challenger=challenger) for challenger in (False, True))
    champion, challenger = (None if found is None else found["classes"] for found in both)
    return champion, challenger


def _segments(pairs: PairEvidence, labels: LabelEvidence | None) -> list[JsonObject]:
    """Return a figure for each segment by name, and last one for the others together."""
    alpha = segment_alpha()
    named = sorted(pairs.cells.segments)
    has_others = any(cell.segment == OTHER_SEGMENTS for cell in pairs.cells.sums)
    return [
        {
            "segment": None if name == OTHER_SEGMENTS else name,
            **_part(pairs.of_segment(name), gain_of_segment(pairs, labels, name), alpha),
            **_segment_accuracies(labels, name),
        }
        for name in (*named, *([OTHER_SEGMENTS] if has_others else []))
    ]


def _segment_accuracies(labels: LabelEvidence | None, segment: str) -> JsonObject:
    return {
        who: None
        if labels is None
        else segment_accuracy(labels, segment, of_challenger=who == "challenger")
        for who in ("champion", "challenger")
    }


def _part(sums: PairSums, gain: Gain, alpha: float) -> JsonObject:
    """Return the figures of some of the documents."""
    shift = confidence_shift(sums, alpha)
    return {
        "documents": sums.compared,
        "agreement": sums.agreed / sums.compared if sums.compared else None,
        "confidence_shift": shift.mean,
        "confidence_shift_interval": {"low": shift.low, "high": shift.high, "shown": shift.shown},
        "gain_known": gain.documents,
        "won": gain.all.wins,
        "lost": gain.all.losses,
    }


def _accuracy(pairs: PairEvidence, labels: LabelEvidence | None) -> JsonObject | None:
    if labels is None:
        return None
    gain = gain_of(pairs, labels)
    low, high = gain.bounds(INTERVAL_ALPHA / 2, INTERVAL_ALPHA / 2)
    return {
        "champion": figures(labels, of_challenger=False),
        "challenger": figures(labels, of_challenger=True),
        "gain": {"value": gain.mean, "low": low, "high": high},
        "won": gain.all.wins,
        "lost": gain.all.losses,
        "gain_known": gain.documents,
    }

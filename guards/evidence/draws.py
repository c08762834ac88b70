"""Which disagreements were drawn for labelling, and which hours of them are labelled in full.

A drawn document whose label is still missing may be a hard one, so that the labels which are there
would mislead. Documents therefore enter the evidence by the hour, once every drawn one of the hour
has its label or was given up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.evidence.labels import LabelSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guards.evidence.labelled_pairs import LabelledPair
    from guards.evidence.labels import KnownLabels, TrueLabel

__all__ = ["MIN_PROBABILITY", "Draws", "drawn_disagreements"]

MIN_PROBABILITY = 0.1
"""Disagreements that were drawn with a smaller probability weigh too much to be used."""


@dataclass(frozen=True, slots=True)
class Draws:
    """The disagreements that were drawn.

    ``probabilities`` maps hours to the probability with which their disagreements were drawn.
    ``complete`` are those of the hours that may be used, and ``drawn`` holds the pairs of these.
    ``waiting`` counts drawn documents of other hours without a label, and ``off_rule`` those in the
    labels that the hash of their id does not draw, where the hour is one of the documents'.
    """

    probabilities: Mapping[int, float]
    complete: Mapping[int, float]
    drawn: tuple[LabelledPair, ...]
    waiting: int
    off_rule: int


def drawn_disagreements(
    pairs: Iterable[LabelledPair], known: KnownLabels, hours: Iterable[int]
) -> Draws:
    """Return the draws that the labels tell of; ``hours`` are those with documents."""
    disagreements = [pair for pair in pairs if not pair.agree]
    rows = [(pair, known.labels.get(pair.request_id)) for pair in disagreements]
    queued = [(pair, label) for pair, label in rows if label and _is_draw(label)]
    probabilities = _probabilities(queued, sorted(hours))
    drawn = [
        (pair, label) for pair, label in rows if pair.number < probabilities.get(pair.hour, 0.0)
    ]
    unfinished = Counter(pair.hour for pair, label in drawn if not _is_finished(label))
    complete = {hour: p for hour, p in probabilities.items() if hour not in unfinished}
    return Draws(
        probabilities=probabilities,
        complete=complete,
        drawn=tuple(pair for pair, _ in drawn if pair.hour in complete),
        waiting=unfinished.total(),
        off_rule=sum(pair.number >= probabilities.get(pair.hour, 1.0) for pair, _ in queued),
    )


def _is_draw(label: TrueLabel) -> bool:
    return (
        label.source is LabelSource.QUEUE and (label.inclusion_probability or 0) >= MIN_PROBABILITY
    )


def _is_finished(label: TrueLabel | None) -> bool:
    return label is not None and (label.label is not None or label.given_up)


def _probabilities(
    queued: Iterable[tuple[LabelledPair, TrueLabel]], hours: list[int]
) -> dict[int, float]:
    """Return the probability of a draw for each hour from the first draw of a stratum to its last.

    An hour of which nothing was drawn has the probability of the hour before; of two strata the
    larger one counts, since the smaller draw is a part of the larger.
    """
    strata: defaultdict[str | None, dict[int, float]] = defaultdict(dict)
    for pair, label in queued:
        stratum, probability = strata[label.stratum], label.inclusion_probability or 0.0
        stratum[pair.hour] = max(probability, stratum.get(pair.hour, 0.0))
    largest: dict[int, float] = {}
    for stratum in strata.values():
        drawn = sorted(stratum)
        for hour in hours:
            if drawn[0] <= hour <= drawn[-1]:
                before = stratum[drawn[bisect_right(drawn, hour) - 1]]
                largest[hour] = max(before, largest.get(hour, 0.0))
    return largest

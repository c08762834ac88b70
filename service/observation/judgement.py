"""The verdict on a challenger at one moment of a run, with the figures beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from guards.evidence.confidence_shift import confidence_shift
from guards.evidence.figures import figures
from guards.evidence.label_evidence import LabelCounts, label_evidence
from guards.evidence.labelled_pairs import LabelledPairs
from guards.evidence.labels import LabelSource
from guards.evidence.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.evidence.criteria import Policy
    from guards.evidence.label_evidence import LabelEvidence
    from guards.evidence.labelled_pairs import LabelledPair
    from guards.evidence.labels import KnownLabels
    from guards.evidence.pair_evidence import PairEvidence
    from guards.evidence.verdict import Decision, Verdict
    from guards.json_types import JsonObject

__all__ = ["EvidenceSoFar", "Judgement"]

_MAX_LEFT_OUT = 0.05
"""The share of labels that may be left out of a promotion.

The labels that count came while their document was in memory. Late ones may say something else, so
that a promotion on the quick ones alone would rest on a selection.
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its figures, as plain JSON.

    ``compared`` counts documents that both variants answered. ``accuracy`` is None without a label
    that counts.
    """

    decision: Decision
    verdict: JsonObject
    compared: int
    confidence_shift: JsonObject
    accuracy: JsonObject | None
    labels: JsonObject


@dataclass(frozen=True, slots=True)
class EvidenceSoFar:
    """All that is known of a challenger at one moment, which nobody changes any more.

    ``labelled`` are the answers to documents with a label, None where they are not comparable.
    ``last_us`` is the last moment of an answer or a label, in microseconds since 1970. Of the
    ``received`` labels, ``unmatched`` ones came for documents that were not in memory, and
    ``beyond`` ones for documents beyond the first 10,000 labelled ones.
    """

    pairs: PairEvidence
    labelled: Mapping[str, LabelledPair | None]
    known: KnownLabels
    last_us: int
    received: int
    unmatched: int
    beyond: int

    def judge(self, policy: Policy, ripe_s: float | None) -> Judgement:
        """Return the verdict and the figures; takes up to a tenth of a second.

        ``ripe_s`` is how old a labelled document must be to count, in seconds.
        """
        labels = self._labels(ripe_s)
        verdict = self._without_late_labels(self._with_remark(judge(self.pairs, labels, policy)))
        return Judgement(
            decision=verdict.decision,
            verdict=verdict.to_json(),
            compared=self.pairs.compared,
            confidence_shift=confidence_shift(self.pairs.total).to_json(),
            accuracy=None if labels is None else _accuracy(labels),
            labels={
                **asdict(LabelCounts() if labels is None else labels.counts),
                "unmatched_live": self.unmatched,
                "beyond": self.beyond,
                "ripe_s": ripe_s if labels is None else labels.ripe_s,
            },
        )

    def _labels(self, ripe_s: float | None) -> LabelEvidence | None:
        """Weigh the labels; None without any.

        The documents that might have been drawn for labelling are not counted here, so that no
        draw is ever known to be complete: labels of a queue enter the accuracy of both variants,
        weighted, and not the gain that decides.
        """
        if not (self.known.labels or self.known.corrections):
            return None
        pairs = LabelledPairs(frozenset(), disagreements=False)
        pairs.population.keep(self.pairs.cells.segments)
        for request_id, pair in self.labelled.items():
            pairs.add(request_id, pair)
        return label_evidence(pairs, self.known, self.last_us, ripe_s)

    def _without_late_labels(self, verdict: Verdict) -> Verdict:
        """Say how many labels are left out here; with many of them, nothing is promoted."""
        left_out = self.unmatched + self.beyond
        if not left_out:
            return verdict
        where = "no longer in memory"
        if self.beyond:
            where += ", or are beyond the first 10,000 labelled ones"
        words = (
            f"{left_out} of {self.received} labels came for documents that are {where}: "
            "`understudy compare` reads them from the log"
        )
        if verdict.decision != "promote" or left_out <= _MAX_LEFT_OUT * self.received:
            return replace(verdict, because=(*verdict.because, words))
        return replace(verdict, decision="undecided", because=(words, *verdict.because))

    def _with_remark(self, verdict: Verdict) -> Verdict:
        """Add how many labels do not decide here."""
        labels = self.known.labels.values()
        drawn = sum(label.source is LabelSource.QUEUE for label in labels)
        if not drawn:
            return verdict
        words = "label of a queue is" if drawn == 1 else "labels of a queue are"
        remark = f"{drawn} {words} decided by `understudy compare`"
        return replace(verdict, because=(*verdict.because, remark))


def _accuracy(labels: LabelEvidence) -> JsonObject | None:
    champion, challenger = (figures(labels, of_challenger=who) for who in (False, True))
    if champion is None or challenger is None:
        return None
    return {
        "champion": champion["accuracy"],
        "challenger": challenger["accuracy"],
        "documents": champion["documents"],
    }

"""Documents whose true label came: whether the champion was right, and what that says."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from guards.drift.harm.labelled_error import ErrorsByMinute, LabelledErrors
from guards.drift.harm.residual import LOOK_MINUTES
from guards.evidence.labels import LabelSource
from guards.performance.answer_counts import POOLED
from service.observation.label_looks import LabelledAnswer, LabelLooks
from service.observation.realised import RealisedPerformance

if TYPE_CHECKING:
    from guards.drift.harm.error_proxy import ErrorProxy
    from guards.drift.reference import Reference
    from guards.events.feedback_received import FeedbackReceived
    from guards.json_types import JsonObject
    from service.observation.feedback import RecentAnswer
    from service.observation.label_looks import Looked

__all__ = ["LabelledDocuments"]

_MAX_REMEMBERED = 10_000
_MIN_PROBABILITY = 1e-6
_MINUTE_S = 60


class LabelledDocuments:
    """Counts labelled documents of the champion; used from one event loop.

    A document counts once, by the first label that is no correction: evidence that was looked at
    cannot be taken back. The latest 10,000 of them are remembered, as many as have their answers in
    memory. ``drifted`` is whether any predicted label was found to have drifted at the last look.
    """

    def __init__(self, reference: Reference, proxy: ErrorProxy | None) -> None:
        """Start without labels; without ``proxy`` or residuals nothing is looked at."""
        self.drifted = False
        self._counted: OrderedDict[str, None] = OrderedDict()
        self._realised = RealisedPerformance(reference)
        self._errors = ErrorsByMinute()
        self._proxy = proxy
        self._looks: dict[LabelSource, LabelLooks] = {}
        if proxy is not None and reference.residuals:
            self._looks = {
                source: LabelLooks(proxy, reference.residuals)
                for source in (LabelSource.TRUTH, LabelSource.QUEUE)
            }
        self._minute = 0
        self._looked = -1

    def add(self, feedback: FeedbackReceived, recent: RecentAnswer) -> bool:
        """Count a document with its answer; return whether it counts.

        One that was counted before does not, nor does a correction, which comes because an answer
        is wrong, nor a document that was drawn with less than a millionth and weighs too much.
        """
        probability = _inclusion_probability(feedback)
        if feedback.source is LabelSource.CORRECTION or probability < _MIN_PROBABILITY:
            return False
        if feedback.request_id in self._counted:
            return False
        self._counted[feedback.request_id] = None
        if len(self._counted) > _MAX_REMEMBERED:
            self._counted.popitem(last=False)
        answer, right = recent.answer, feedback.label == recent.answer.label
        self._realised.add(answer, probability, right=right)
        if feedback.source is LabelSource.TRUTH:
            errors = LabelledErrors.of(right=right, inclusion_probability=1.0)
            self._errors.add(int(recent.answered_s // _MINUTE_S), errors)
        if self._proxy is not None and feedback.source in self._looks:
            label = answer.label if answer.label in self._proxy.labels else POOLED
            labelled = LabelledAnswer(answer.confidence, right, probability)
            self._looks[feedback.source].add(label, labelled)
        return True

    def look(self, now_s: float) -> dict[LabelSource, list[Looked]]:
        """Look at labels of each source, at most once in ``LOOK_MINUTES``; empty in between.

        ``now_s`` is that of the monotonic clock by which documents were answered.
        """
        self._minute = int(now_s // _MINUTE_S)
        if self._minute // LOOK_MINUTES == self._looked:
            return {}
        self._looked = self._minute // LOOK_MINUTES
        looked = {source: looks.look(self._minute) for source, looks in self._looks.items()}
        self.drifted = any(each.residual.drifted for found in looked.values() for each in found)
        return looked

    def errors_since(self, minutes: int) -> LabelledErrors | None:
        """Return the errors of what was answered in the last ``minutes``; None where unknown.

        Drawn documents are left out: a queue is seldom labelled in an order by chance, and those of
        which the champion is sure may come first.
        """
        return self._errors.since(self._minute + 1 - minutes)

    def realised(self) -> JsonObject:
        """Return how well the champion did on the latest labelled documents."""
        return self._realised.get()


def _inclusion_probability(feedback: FeedbackReceived) -> float:
    if feedback.source is LabelSource.QUEUE and feedback.inclusion_probability is not None:
        return feedback.inclusion_probability
    return 1.0

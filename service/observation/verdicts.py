"""The verdicts on the challengers of this run, from what was counted so far.

A verdict is computed when it is asked for, on a thread, and kept until something was counted since.
It covers this replica and this run, and the labels whose document's answer is still in memory. What
labels of a queue decide, and labels that came too late, ``understudy compare`` reads from the log.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.events.events import VerdictChanged
from service.observation.judgement import EvidenceSoFar
from service.observation.live_evidence import LiveEvidence, OutcomeRow
from service.observation.live_labels import LiveLabels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.answer import Answer
    from guards.events.events import FeedbackReceived
    from guards.evidence.criteria import Policy
    from guards.evidence.pair import ChallengerId, Outcome
    from guards.evidence.verdict import Decision
    from service.observation.judgement import Judgement
    from service.shadow.interface import PendingComparison

__all__ = ["Verdicts"]

_logger = logging.getLogger("bentoml.understudy")


class Verdicts:
    """Counts the outcomes of challengers and the labels, and judges; used from one event loop.

    Nothing that fails here fails a request. Where an outcome or a label could not be counted, there
    is no verdict any more on the challengers concerned, and the diagnostics say why, once.
    """

    def __init__(
        self, challengers: Sequence[ChallengerId], policy: Policy, ripe_s: float | None
    ) -> None:
        """Start empty; the error of a promotion is divided among the challengers.

        ``ripe_s`` is how old a labelled document must be to count, in seconds; None is the 95th
        percentile of how long labels took.
        """
        self.since = datetime.now(UTC)
        self.judged: Mapping[ChallengerId, Judgement] = {}
        self._labels = LiveLabels(challengers)
        self._evidence = {challenger: LiveEvidence() for challenger in challengers}
        self._policy = replace(policy, challengers=len(challengers))
        self._ripe_s = ripe_s
        self._counted = 0
        self._judged_at: int | None = None
        self._judging = asyncio.Lock()
        self._written: dict[ChallengerId, Decision] = dict.fromkeys(challengers, "undecided")
        self._incomplete: set[ChallengerId] = set()
        self._unjudged: set[ChallengerId] = set()

    def answered(self, request_id: str, answer: Answer) -> None:
        """Keep the champion's answer, for a label that may come."""
        self._labels.answered(request_id, answer)

    def settled(
        self, challenger: ChallengerId, pending: PendingComparison, outcome: Outcome
    ) -> None:
        """Count the outcome of a challenger."""
        self._counted += 1
        try:
            last = self._labels.is_latest(pending.document.request_id, pending.champion.answer)
            row = OutcomeRow.of(pending, outcome, last=last)
            self._labels.settled(challenger, row)
            self._evidence[challenger].update(row)
        except Exception as error:  # noqa: BLE001 (logged there)
            self._give_up([challenger], error)

    def labelled(self, feedback: FeedbackReceived) -> FeedbackReceived:
        """Count a label, and return its event with the answer, where that is in memory."""
        self._counted += 1
        try:
            self._labels.add(feedback)
        except Exception as error:  # noqa: BLE001 (logged there)
            self._give_up([*self._evidence], error)
        return self._labels.join(feedback)

    def fold(self) -> None:
        """Count the outcomes that are buffered."""
        for challenger, evidence in self._evidence.items():
            try:
                evidence.fold()
            except Exception as error:  # noqa: BLE001 (logged there; the others are counted)
                self._give_up([challenger], error)

    async def review(self) -> Mapping[ChallengerId, Judgement]:
        """Return the verdicts on what was counted so far, without those that cannot be had."""
        async with self._judging:
            if self._judged_at != self._counted:
                counted = self._counted
                self.fold()
                found = [(who, await self._judge(who)) for who in self._evidence]
                self.judged = {who: judgement for who, judgement in found if judgement is not None}
                self._judged_at = counted
        return self.judged

    def changes(self) -> list[VerdictChanged]:
        """Return the events of the decisions that the last review found changed; once each."""
        events = []
        for challenger, judgement in self.judged.items():
            previous = self._written[challenger]
            if judgement.decision != previous:
                self._written[challenger] = judgement.decision
                events.append(VerdictChanged(challenger, previous, judgement.verdict))
        return events

    async def _judge(self, challenger: ChallengerId) -> Judgement | None:
        if challenger in self._incomplete:
            return None
        try:
            evidence = self._evidence_so_far(challenger)
            judgement = await asyncio.to_thread(evidence.judge, self._policy, self._ripe_s)
        except Exception:
            if challenger not in self._unjudged:
                _logger.exception("the challenger %s could not be judged", challenger)
            self._unjudged.add(challenger)
            return None
        self._unjudged.discard(challenger)
        return judgement

    def _evidence_so_far(self, challenger: ChallengerId) -> EvidenceSoFar:
        """Return a copy of the evidence: counting goes on while it is judged."""
        labels = self._labels
        return EvidenceSoFar(
            pairs=self._evidence[challenger].get(),
            labelled=dict(labels.pairs(challenger)),
            known=labels.known.copy(),
            last_us=labels.last_us,
            unmatched=labels.unmatched,
            dropped=labels.dropped,
        )

    def _give_up(self, challengers: Sequence[ChallengerId], error: Exception) -> None:
        """Say, once, that the evidence on these challengers is incomplete from now on."""
        concerned = [who for who in challengers if who not in self._incomplete]
        if concerned:
            names = ", ".join(map(str, concerned))
            message = "the evidence on %s is incomplete, and there is no verdict any more"
            _logger.error(message, names, exc_info=error)
        self._incomplete.update(concerned)

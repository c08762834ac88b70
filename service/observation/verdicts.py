"""The verdicts on the challengers of this run, from what was counted so far.

A verdict is computed when it is asked for, on a thread, and kept until something was counted since.
It covers this replica and this run, and the labels whose document's answer is still in memory. What
labels of a queue decide, and labels that came too late, ``understudy compare`` reads from the log.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from guards.events.verdict_changed import VerdictChanged
from guards.evidence.verdict import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.evidence.criteria import Policy
    from guards.evidence.pair import ChallengerId
    from service.observation.judgement import Judgement
    from service.observation.run_evidence import RunEvidence
    from service.telemetry.metrics import Metrics

__all__ = ["Verdicts"]

_logger = logging.getLogger("bentoml.understudy")


class Verdicts:
    """Judges the challengers, and shows the verdicts in the metrics; used from one event loop.

    A failure is no reason to fail a request, or to stop flushing: there is no verdict then.
    """

    def __init__(
        self, evidence: RunEvidence, policy: Policy, ripe_s: float | None, metrics: Metrics
    ) -> None:
        """Judge this evidence; the error of a promotion is divided among the challengers.

        ``ripe_s`` is how old a labelled document must be to count, in seconds; None is the 95th
        percentile of how long labels took.
        """
        self.evidence = evidence
        self._policy = replace(policy, challengers=len(evidence.challengers))
        self._ripe_s = ripe_s
        self._metrics = metrics
        self._judged: Mapping[ChallengerId, Judgement] = {}
        self._judged_at: int | None = None
        self._judging = asyncio.Lock()
        self._written: dict[ChallengerId, Decision] = dict.fromkeys(
            evidence.challengers, "undecided"
        )
        self._complained: set[ChallengerId] = set()

    async def review(self) -> Mapping[ChallengerId, Judgement]:
        """Return the verdicts on what was counted so far, without those that cannot be had."""
        async with self._judging:
            counted = self.evidence.counted
            if self._judged_at != counted:
                found = {who: await self._judge(who) for who in self.evidence.challengers}
                for challenger, judgement in found.items():
                    self._show(str(challenger), judgement)
                self._judged = {who: each for who, each in found.items() if each is not None}
                self._judged_at = counted
            return self._judged

    def changes(self) -> list[VerdictChanged]:
        """Return the events of the decisions that the last review found changed; once each."""
        events = []
        for challenger, judgement in self._judged.items():
            previous = self._written[challenger]
            if judgement.decision != previous:
                self._written[challenger] = judgement.decision
                events.append(VerdictChanged(challenger, previous, judgement.verdict))
        return events

    async def _judge(self, challenger: ChallengerId) -> Judgement | None:
        try:
            # A copy: counting goes on while it is judged.
            evidence = self.evidence.so_far(challenger)
            if evidence is None:
                return None
            judgement = await asyncio.to_thread(evidence.judge, self._policy, self._ripe_s)
        except Exception:
            if challenger not in self._complained:
                _logger.exception("the challenger %s could not be judged", challenger)
            self._complained.add(challenger)
            return None
        self._complained.discard(challenger)
        return judgement

    def _show(self, challenger: str, judgement: Judgement | None) -> None:
        for decision in get_args(Decision):
            taken = judgement is not None and judgement.decision == decision
            self._metrics.verdict.set(taken, challenger, decision)
        if judgement is None or judgement.accuracy is None:
            # What was shown before is no accuracy of now.
            self._metrics.accuracy.remove(challenger)
            return
        for variant in ("champion", "challenger"):
            for bound in ("value", "low", "high"):
                accuracy = judgement.accuracy[variant][bound]
                self._metrics.accuracy.set(accuracy, challenger, variant, bound)

"""Labels of one source, looked at together for concept drift."""

from __future__ import annotations

from collections import defaultdict, deque
from math import floor, log2
from typing import TYPE_CHECKING, NamedTuple

from guards.drift.harm.residual import LOOK_MINUTES, MAX_LOOKS, ResidualMonitor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.harm.cross_fitting import HeldOutResidual
    from guards.drift.harm.error_proxy import ErrorProxy
    from guards.drift.harm.residual import LabelResidual

__all__ = ["LabelLooks", "LabelledAnswer", "Looked"]


class LabelledAnswer(NamedTuple):
    """What counts of a labelled document; ``probability`` is that of its inclusion."""

    confidence: float
    right: bool
    probability: float


class Looked(NamedTuple):
    """What labels say of one predicted label, and over how many minutes they came."""

    residual: LabelResidual
    minutes: int


class LabelLooks:
    """Watches the labels of one source, in looks of ``LOOK_MINUTES``; used from one thread.

    Stakes are bounded by the smallest inclusion probability that any label may have, which must
    not depend on the labels. So it is 1 at first, and where a smaller one comes, watching begins
    anew with the power of two below it: that is seldom, and never because an answer was wrong.
    """

    def __init__(self, proxy: ErrorProxy, held_out: Mapping[str, HeldOutResidual]) -> None:
        """Start without labels."""
        self._proxy, self._held_out = proxy, held_out
        self._waiting: dict[str, list[LabelledAnswer]] = defaultdict(list)
        self._begin(1.0)

    def add(self, label: str, answer: LabelledAnswer) -> None:
        """Keep a document that was answered with this label until the next look."""
        self._waiting[label].append(answer)

    def look(self, minute: int) -> list[Looked]:
        """Look at what came since the last look; ``minute`` is that of a monotonic clock."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        smallest = min((a.probability for each in waiting.values() for a in each), default=1.0)
        if smallest < self._min_probability:
            self._begin(2.0 ** floor(log2(smallest)))
        for label, answers in waiting.items():
            self._monitor.push(label, *zip(*answers, strict=True))
            self._looked_at[label].append(minute)
        return [
            Looked(found, minute + LOOK_MINUTES - self._looked_at[found.label][-found.looks])
            for found in self._monitor.judge()
        ]

    def _begin(self, min_probability: float) -> None:
        self._min_probability = min_probability
        self._monitor = ResidualMonitor(self._proxy, self._held_out, min_probability)
        self._looked_at: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=MAX_LOOKS))

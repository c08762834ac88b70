"""Whether the champion errs more often than in training, from what windows count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.harm.error_proxy import ErrorProxy
from guards.drift.harm.gate import Harm, HarmGate, Judgement
from guards.performance.answer_counts import counted_labels
from guards.performance.histograms import from_tens
from guards.performance.sealed import SealedPerformance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.drift.reference import Reference
    from guards.json_types import JsonMapping

__all__ = ["ChampionHarm"]


class ChampionHarm:
    """Judges harm from confidence histograms; unknown for good without held-out rows."""

    def __init__(self, reference: Reference) -> None:
        """Start without documents."""
        sealed = SealedPerformance.from_reference(reference.calibration)
        calibration = dict(zip(counted_labels(sealed.labels), sealed.calibration, strict=True))
        self._proxy = ErrorProxy.of(calibration) if sealed.documents else None
        self._gate = None if self._proxy is None else HarmGate(self._proxy)

    def push(self, minute: int, counts: JsonMapping) -> None:
        """Add the ``answers`` and ``unseen`` of a window."""
        if self._gate is None or self._proxy is None:
            return
        unseen = self._histogram(counts["unseen"])
        self._gate.push(
            minute,
            self._histogram(counts["answers"]),
            int(unseen.sum()),
            float((unseen * self._proxy.errors).sum()),
        )

    def judge(self, minutes: int) -> Judgement:
        """Judge an alarm about the last ``minutes``."""
        if self._gate is None:
            return Judgement(Harm.UNKNOWN, 0, 0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        return self._gate.judge(minutes)

    def _histogram(self, counts: JsonMapping) -> NDArray[np.int64]:
        labels = () if self._proxy is None else self._proxy.labels
        return np.array([from_tens(counts["predicted"].get(label, {})) for label in labels])

"""Whether the champion errs more often than in training, from what windows count and labels say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.cells import expected_unseen
from guards.drift.harm.crowding import cell_shares
from guards.drift.harm.error_proxy import ErrorProxy
from guards.drift.harm.gate import Harm, HarmGate, Judgement
from guards.drift.harm.kind import Kind, kind_of_shift
from guards.performance.answer_counts import counted_labels
from guards.performance.histograms import from_tens
from guards.performance.sealed import SealedPerformance
from service.observation.labelled_documents import LabelledDocuments
from service.observation.variant_alarms import cell_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.json_types import JsonMapping
    from service.observation.champion_counts import Watched

__all__ = ["ChampionHarm"]


class ChampionHarm:
    """Judges harm from confidence histograms and labels; unknown for good without held-out rows.

    ``labels`` are the labelled documents.
    """

    def __init__(self, watched: Watched) -> None:
        """Start without documents."""
        reference = watched.reference
        sealed = SealedPerformance.from_reference(reference.calibration)
        calibration = dict(zip(counted_labels(sealed.labels), sealed.calibration, strict=True))
        self._inputs = {
            name: each for name, each in watched.counted.items() if name in watched.inputs
        }
        self._expected_unseen = expected_unseen(self._inputs.values())
        self._proxy = ErrorProxy.of(calibration) if sealed.documents else None
        self._gate = (
            None
            if self._proxy is None
            else HarmGate(self._proxy, shares=cell_shares(self._inputs.values()))
        )
        self.labels = LabelledDocuments(reference, self._proxy)

    def push(self, minute: int, counts: JsonMapping) -> None:
        """Add the ``answers``, ``unseen`` and ``features`` of a window."""
        if self._gate is None or self._proxy is None:
            return
        unseen = self._histogram(counts["unseen"])
        self._gate.push(
            minute,
            self._histogram(counts["answers"]),
            int(unseen.sum()),
            float((unseen * self._proxy.errors).sum()),
            self._cells(counts["features"]),
        )

    def judge(self, minutes: int, age_minutes: int | None = None) -> Judgement:
        """Judge an alarm about the last ``minutes``, by labels of the last ``age_minutes``.

        None stands for as many.
        """
        if self._gate is None:
            return Judgement(Harm.UNKNOWN, 0, 0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        return self._gate.judge(
            minutes,
            self.labels.errors_since(age_minutes or minutes),
            residual_drifted=self.labels.drifted,
        )

    def kind(self, judgement: Judgement, *, inputs_moved: bool) -> str | None:
        """Return the kind of a shift in words; None if it is not known."""
        kind = kind_of_shift(
            inputs_moved=inputs_moved,
            harm=judgement.harm,
            unseen_share=judgement.unseen_share - self._expected_unseen,
            residual_drifted=self.labels.drifted,
        )
        return None if kind is Kind.UNKNOWN else kind.value

    def _cells(self, counted: JsonMapping) -> NDArray[np.int64]:
        """Return the counts of all cells of the inputs; none where private ones are withheld."""
        counts = [
            cell_counts(counted[name])
            if name in counted
            else np.zeros(len(feature.cell_counts), dtype=np.int64)
            for name, feature in self._inputs.items()
        ]
        return np.concatenate([np.empty(0, dtype=np.int64), *counts])

    def _histogram(self, counts: JsonMapping) -> NDArray[np.int64]:
        labels = () if self._proxy is None else self._proxy.labels
        return np.array([from_tens(counts["predicted"].get(label, {})) for label in labels])

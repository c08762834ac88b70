"""What is counted of the champion's documents in one window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.drift.features import CHAMPION, answer_names, column_feature, labels_of, live_features
from guards.drift.label_sketch import LabelSketch
from guards.drift.line_cells import LineCells
from guards.drift.segment_sketch import SegmentSketch
from guards.drift.sketch import RowSketch
from guards.performance.unseen import UnseenSketch
from service.observation.answer_buffer import AnswerBuffer
from service.observation.input_counts import InputCounts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from guards.answer import Answer
    from guards.drift.feature_reference import FeatureReference
    from guards.drift.line_cells import CellDetail
    from guards.drift.reference import Reference
    from guards.drift.row_batch import CountedRow
    from guards.json_types import JsonObject
    from guards.schema import CanonicalRow

__all__ = ["ChampionCounts", "Watched"]


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched of the champion's documents.

    Rows have values of ``names``: of the ``inputs``, then of the answer. ``features`` are those of
    the reference under their names in windows, and ``private`` names those of private columns.
    """

    reference: Reference
    names: tuple[str, ...]
    inputs: frozenset[str]
    features: Mapping[str, FeatureReference]
    private: frozenset[str]

    @classmethod
    def of(
        cls, reference: Reference, inputs: Sequence[str], private: Collection[str] = ()
    ) -> Watched:
        """Watch these inputs, in their order; ``private`` names private columns."""
        return cls(
            reference=reference,
            names=(*inputs, *answer_names(CHAMPION)),
            inputs=frozenset(inputs),
            features=live_features(reference.features, CHAMPION),
            private=frozenset(map(column_feature, private)),
        )

    def line_cells(self, detail: CellDetail) -> LineCells:
        """Return what finds the cells that lines tell."""
        return LineCells(self.names, self.features, detail, self.private)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of answers, in order."""
        return labels_of(self.reference.features)

    @property
    def counted(self) -> dict[str, FeatureReference]:
        """The features that rows have values of, in their order."""
        return {name: self.features[name] for name in self.names if name in self.features}


class ChampionCounts:
    """The counts of one window; used from one thread."""

    def __init__(self, watched: Watched) -> None:
        """Start empty."""
        counted = watched.counted
        self.documents = 0
        self.labelled = False
        self._segments = SegmentSketch(counted, tuple(watched.private))
        self._answers = AnswerBuffer(watched.labels)
        self._unseen = UnseenSketch(counted, watched.inputs, f"{CHAMPION}.label", watched.labels)
        self._sketch = RowSketch(watched.names, counted, (self._segments, self._unseen))
        self._labels = LabelSketch(counted, watched.private)
        self._inputs = InputCounts()

    def observe(
        self,
        values: tuple[float | str, ...],
        answer: Answer,
        row: CanonicalRow,
        segment: str | None,
    ) -> CountedRow:
        """Count one answered document, and return where its cells stay."""
        self.documents += 1
        self._answers.add(answer)
        self._inputs.update(row)
        return self._sketch.update(values, answer.confidence, segment)

    def label(self, day: str, counted: CountedRow, *, correct: bool) -> None:
        """Count the true label of a document that was counted on a day, in any window."""
        self._labels.update(day, counted.cells(), correct=correct)
        self.labelled = True

    def features(self) -> dict[str, JsonObject]:
        """Return the snapshot of every feature."""
        return self._sketch.get()

    def others(self) -> JsonObject:
        """Return what else was counted; for after ``features``."""
        return {
            "inputs": self._inputs.get(),
            "answers": self._answers.get(),
            "unseen": self._unseen.get(),
            "segments": self._segments.get(),
            "labels": self._labels.get(),
        }

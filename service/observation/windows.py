"""The live window: counts of inputs, answers and comparisons since the last flush."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guards.drift.features import CHAMPION, answer_names, column_feature, labels_of, live_features
from guards.drift.label_sketch import LabelSketch
from guards.drift.segment_sketch import SegmentSketch
from guards.drift.sketch import RowSketch
from guards.events.events import DriftWindow
from guards.performance.unseen import UnseenSketch
from service.observation.answer_buffer import AnswerBuffer
from service.observation.challenger_windows import ChallengerWindows
from service.observation.drift_alarms import DriftAlarms, Watched
from service.observation.estimates import estimates
from service.observation.input_counts import InputCounts
from service.observation.recent_windows import RecentWindows
from service.observation.withheld import Withheld

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from guards.answer import Answer
    from guards.drift.reference import Reference
    from guards.json_types import JsonObject
    from guards.schema import CanonicalRow

__all__ = ["Windows"]


class Windows:
    """Collects one window after another; used from one thread.

    A document is counted in the window in which it was answered, a comparison and a label in the
    window in which they arrived, so that each is in exactly one. Of a private column the counts
    are left out until they are of 20 documents, and then written with those of the next window.
    """

    def __init__(
        self, reference: Reference, inputs: Sequence[str], private: Collection[str] = ()
    ) -> None:
        """Start a window against the champion's reference.

        ``inputs`` names the input features that ``observe`` receives, in their order. ``private``
        names private columns: the range of a private number is left out, because its ends are
        values that a client sent. The sketch itself leaves out private categories.
        """
        self._sealed = reference
        self.reference = reference.fingerprint
        self.names = (*inputs, *answer_names(CHAMPION))
        self.features = live_features(reference.features, CHAMPION)
        self.private = frozenset(map(column_feature, private))
        self.inputs = frozenset(inputs)
        self._labels_in_order = labels_of(reference.features)
        self._counted = {name: self.features[name] for name in self.names if name in self.features}
        self.challengers = ChallengerWindows(reference)
        self._withheld = Withheld(self.private)
        self.recent = RecentWindows()
        self._last: DriftWindow | None = None
        self._open()

    @property
    def documents(self) -> int:
        """The number of documents in the live window."""
        return self._documents

    def observe(
        self,
        values: tuple[float | str, ...],
        answer: Answer,
        row: CanonicalRow,
        segment: str | None = None,
    ) -> None:
        """Count one answered document: the values of ``names``, and the issues of its input.

        The issues are those of ``row``, whose values are among ``values``.
        """
        self._documents += 1
        self._sketch.update(values, answer.confidence, segment)
        self._answers.add(answer)
        self._inputs.update(row)

    def label(self, day: str, values: tuple[float | str, ...], *, correct: bool) -> None:
        """Count the true label of a document that was answered on a day with these values."""
        self._labels.update(day, values, correct=correct)
        self._labelled = True

    def alarms(self, challengers: int) -> DriftAlarms:
        """Return what looks at the windows, which will have so many challengers."""
        watched = Watched(
            reference=self._sealed,
            features=self._counted,
            private=self.private,
            inputs=self.inputs,
            challengers=challengers,
        )
        return DriftAlarms(watched, self.recent)

    def estimates(self) -> JsonObject:
        """Return how well the variants did in the latest window, estimated without labels."""
        return estimates(self.latest(), self._sealed, self.challengers.references)

    def flush(self) -> DriftWindow | None:
        """Return the live window and open the next; None where it is empty."""
        if not (self._documents or self.challengers.compared or self._labelled):
            return None
        self._last = self._freeze(closing=True)
        self._open()
        return self._last

    def latest(self) -> DriftWindow:
        """Return the last flushed window; before the first flush, the live one as it is."""
        return self._last or self._freeze(closing=False)

    def _open(self) -> None:
        self._start = datetime.now(UTC)
        self._documents = 0
        self._segments = SegmentSketch(self._counted, tuple(self.private))
        self._answers = AnswerBuffer(self._labels_in_order)
        self._unseen = UnseenSketch(
            self._counted, self.inputs, f"{CHAMPION}.label", self._labels_in_order
        )
        self._sketch = RowSketch(self.names, self._counted, (self._segments, self._unseen))
        self._labels = LabelSketch(
            self.names, {n: f for n, f in self._counted.items() if n not in self.private}
        )
        self._labelled = False
        self._inputs = InputCounts()
        self.challengers.open()

    def _freeze(self, *, closing: bool) -> DriftWindow:
        counted = self._sketch.get()
        told, withheld = self._withheld.split(counted, closing=closing)
        challengers, scores = self.challengers.freeze(self.recent, closing=closing)
        return DriftWindow(
            start=self._start,
            # The wall clock can jump back; a window must not end before it starts.
            end=max(self._start, datetime.now(UTC)),
            documents=self._documents,
            reference=self.reference,
            counts={
                "features": told,
                "withheld": withheld,
                "inputs": self._inputs.get(),
                "answers": self._answers.get(),
                "unseen": self._unseen.get(),
                "segments": self._segments.get(),
                "labels": self._labels.get(),
                "challengers": challengers,
            },
            scores={**self.recent.scores(self._counted, counted, closing=closing), **scores},
        )

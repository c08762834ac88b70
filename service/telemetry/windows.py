"""The live window: what inputs, answers and comparisons look like since the last flush."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from guards.drift import MatrixSketch, RowSketch, Score, score
from guards.drift.features import Answer, answer_names, answer_values, live_name
from service.telemetry.inputs import InputCounts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from guards.drift import FeatureReference, Reference
    from guards.schema import CanonicalRow

__all__ = ["CHAMPION", "Flushed", "Windows", "rfc3339"]

CHAMPION = "champion"


def rfc3339(moment: datetime) -> str:
    """Write a moment that is in UTC, to the microsecond."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Flushed:
    """A frozen window: when it was, how many documents, the mergeable counts, and the scores."""

    start: datetime
    end: datetime
    documents: int
    counts: Mapping[str, Any]
    scores: Mapping[str, Score]

    def bounds(self) -> dict[str, Any]:
        """Give start, end and documents as the log and the status carry them."""
        return {
            "start": rfc3339(self.start),
            "end": rfc3339(self.end),
            "documents": self.documents,
        }


@dataclass(slots=True)
class _Heard:
    """What the window holds of one challenger."""

    answers: RowSketch
    disagreements: MatrixSketch = field(default_factory=MatrixSketch)
    compared: int = 0


class Windows:
    """Collects one window after another; used from one thread.

    A document counts in the window in which it was answered, and its comparison in the window in
    which it arrived, so that each is in exactly one.
    """

    def __init__(
        self, reference: Reference, inputs: Sequence[str], private: Collection[str] = ()
    ) -> None:
        """Start a window against the champion's reference.

        ``inputs`` names the input features that ``observe`` will be given, in their order.
        ``private`` names private columns: the sketch keeps private categories to itself already;
        of a private number the range is left out, because its ends are values that somebody sent.
        """
        self._private = frozenset(private)
        self._names = (*inputs, *answer_names(CHAMPION))
        self._features = _as_answers_of(reference, CHAMPION)
        self._challengers: dict[str, dict[str, FeatureReference]] = {}
        self._last: Flushed | None = None
        self._open()

    @property
    def documents(self) -> int:
        """How many documents the live window holds."""
        return self._documents

    def greet(self, key: str, reference: Reference) -> None:
        """Watch a challenger's answers against its own reference, from now on."""
        answers = _as_answers_of(reference, key)
        self._challengers[key] = {name: answers[name] for name in answer_names(key)}
        self._heard.setdefault(key, self._unheard(key))

    def observe(self, inputs: tuple[float | str, ...], answer: Answer, row: CanonicalRow) -> None:
        """Count one answered document: its input features, the champion's answer, and the row.

        Of the row only what was noticed about it is counted; its values are among the inputs.
        """
        self._documents += 1
        self._sketch.update((*inputs, *answer_values(answer)))
        self._inputs.update(row)

    def compare(self, key: str, champion: Answer, challenger: Answer) -> None:
        """Count one comparison with a challenger that has been greeted."""
        heard = self._heard[key]
        heard.compared += 1
        heard.answers.update(answer_values(challenger))
        heard.disagreements.update([(champion.label, challenger.label)])

    def flush(self) -> Flushed | None:
        """Freeze the live window and open the next; None when it holds nothing."""
        if not self._documents and not any(heard.compared for heard in self._heard.values()):
            return None
        self._last = self._freeze()
        self._open()
        return self._last

    def latest(self) -> Flushed:
        """Give the last flushed window, or the live one as it stands when there is none yet."""
        return self._last or self._freeze()

    def _open(self) -> None:
        self._start = datetime.now(UTC)
        self._documents = 0
        self._sketch = RowSketch(self._names, self._features)
        self._inputs = InputCounts()
        self._heard = {key: self._unheard(key) for key in self._challengers}

    def _unheard(self, key: str) -> _Heard:
        return _Heard(RowSketch(answer_names(key), self._challengers[key]))

    def _freeze(self) -> Flushed:
        counted = self._sketch.get()
        heard = {key: heard.answers.get() for key, heard in self._heard.items()}
        return Flushed(
            start=self._start,
            # The wall clock can jump back; a window must not end before it starts.
            end=max(self._start, datetime.now(UTC)),
            documents=self._documents,
            counts={
                "features": {
                    name: _without_range(counts) if name in self._private else counts
                    for name, counts in counted.items()
                },
                "inputs": self._inputs.get(),
                "challengers": {
                    key: {
                        "compared": self._heard[key].compared,
                        "features": features,
                        "disagreements": self._heard[key].disagreements.get(),
                    }
                    for key, features in heard.items()
                },
            },
            scores={
                **_scores(self._features, counted),
                **{
                    name: value
                    for key, features in heard.items()
                    for name, value in _scores(self._challengers[key], features).items()
                },
            },
        )


def _as_answers_of(reference: Reference, who: str) -> dict[str, FeatureReference]:
    return {live_name(name, who): feature for name, feature in reference.features.items()}


def _without_range(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in counts.items() if name not in ("minimum", "maximum")}


def _scores(
    features: Mapping[str, FeatureReference], counted: Mapping[str, Any]
) -> dict[str, Score]:
    return {name: score(feature, counted[name]) for name, feature in features.items()}

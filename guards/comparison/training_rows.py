"""Labelled documents to train on: labels, moments and texts joined by request id."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel

__all__ = ["FoundDocument", "LabelsToTrain", "TrainingRow", "TrainingRows", "training_rows"]


class FoundDocument(NamedTuple):
    """The text of a document, and its features by name."""

    text: str
    features: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LabelsToTrain:
    """The labels that can be trained on, by request id, and how many drawn documents have none.

    ``waiting`` ones may still get a label, ``given_up`` ones never will.
    """

    labels: Mapping[str, TrueLabel]
    waiting: int
    given_up: int

    @classmethod
    def of(cls, known: KnownLabels) -> LabelsToTrain:
        """Return them; a correction counts where a document has no other label."""
        given = {name: each for name, each in known.labels.items() if each.label is not None}
        labels = {**known.corrections, **given}
        without = [each.given_up for name, each in known.labels.items() if name not in labels]
        return cls(labels, waiting=without.count(False), given_up=without.count(True))


class TrainingRow(NamedTuple):
    """A document with its label; ``observed_us`` is in microseconds since 1970, UTC."""

    observed_us: int
    label: TrueLabel
    document: FoundDocument


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """Rows in the order of their observation, and the labels that have no row.

    ``not_in_log`` counts labels of requests that were not observed, and ``without_text`` those of
    documents whose text is not known.
    """

    rows: tuple[TrainingRow, ...]
    not_in_log: int
    without_text: int

    @property
    def classes(self) -> Counter[str]:
        """How many rows have each label."""
        return Counter(str(row.label.label) for row in self.rows)

    @property
    def sources(self) -> Counter[LabelSource]:
        """How many rows have a label from each source."""
        return Counter(row.label.source for row in self.rows)


def training_rows(
    labels: Mapping[str, TrueLabel],
    observed_us: Mapping[str, int],
    documents: Mapping[str, FoundDocument],
) -> TrainingRows:
    """Join labels with moments and documents, all of them by request id."""
    observed = [name for name in labels if name in observed_us]
    rows = [
        TrainingRow(observed_us[name], labels[name], documents[name])
        for name in observed
        if name in documents
    ]
    rows.sort(key=lambda row: (row.observed_us, row.label.request_id))
    return TrainingRows(
        rows=tuple(rows),
        not_in_log=len(labels) - len(observed),
        without_text=len(observed) - len(rows),
    )

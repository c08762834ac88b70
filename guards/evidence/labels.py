"""True labels of documents, where they come from, and what a later one does to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

__all__ = ["KnownLabels", "LabelSource", "TrueLabel"]


class LabelSource(StrEnum):
    """Why a document has a label.

    ``TRUTH`` came regardless of the answers. ``QUEUE`` was drawn with a known probability.
    ``CORRECTION`` came because somebody disliked an answer: it never enters the evidence.
    """

    TRUTH = "truth"
    QUEUE = "queue"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class TrueLabel:
    """The true label of a document; ``label`` is None where it was drawn and has none yet.

    ``given_up`` says that a drawn document was looked at and will never have one. ``stratum`` and
    ``inclusion_probability`` (0 to 1) are those of a draw.
    """

    request_id: str
    label: str | None
    source: LabelSource = LabelSource.TRUTH
    stratum: str | None = None
    inclusion_probability: float | None = None
    labelled_at: datetime | None = None
    given_up: bool = False


class KnownLabels:
    """The labels of documents by request id, and how many were repeated or contradicted.

    Of several labels of a document the last one counts: the one with the later ``labelled_at``,
    and without such times the one that was added later. Corrections are kept apart.
    """

    def __init__(self, labels: Iterable[TrueLabel] = ()) -> None:
        """Add these labels, in this order."""
        self.repeated = 0
        self.contradicted = 0
        self._labels: dict[str, TrueLabel] = {}
        self._corrections: dict[str, TrueLabel] = {}
        for label in labels:
            self.add(label)

    @property
    def labels(self) -> Mapping[str, TrueLabel]:
        """The labels that count, without corrections."""
        return self._labels

    @property
    def corrections(self) -> Mapping[str, TrueLabel]:
        """The corrections."""
        return self._corrections

    def add(self, label: TrueLabel) -> None:
        """Add a label."""
        correction = label.source is LabelSource.CORRECTION
        known = self._corrections if correction else self._labels
        earlier = known.get(label.request_id)
        if earlier is not None and earlier.label is not None and label.label is not None:
            self.repeated += 1
            self.contradicted += earlier.label != label.label
        if earlier is None or _replaces(label, earlier):
            known[label.request_id] = label


def _replaces(label: TrueLabel, earlier: TrueLabel) -> bool:
    if label.label is None and earlier.label is not None:
        return False
    if label.labelled_at is None or earlier.labelled_at is None:
        return True
    return label.labelled_at >= earlier.labelled_at

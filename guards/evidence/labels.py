"""True labels of documents, where they come from, and what a later one does to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from guards.labels import canonical_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
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
    and without such times the one that was added later. A document that was drawn stays so,
    wherever its label comes from. Corrections are kept apart. With ``find``, the label of a bundle
    is written as the bundle does, and any other one in canonical form.
    """

    def __init__(
        self, labels: Iterable[TrueLabel] = (), find: Callable[[str], str | None] | None = None
    ) -> None:
        """Add these labels, in this order."""
        self.repeated = 0
        self._find = find
        self._labels: dict[str, TrueLabel] = {}
        self._corrections: dict[str, TrueLabel] = {}
        self._came: set[str] = set()
        self._contradicted: set[tuple[bool, str]] = set()
        for label in labels:
            self.add(label)

    @property
    def labels(self) -> Mapping[str, TrueLabel]:
        """The labels that count, without corrections."""
        return self._labels

    @property
    def contradicted(self) -> int:
        """The number of documents with several labels that differ."""
        return len(self._contradicted)

    @property
    def came(self) -> AbstractSet[str]:
        """The ids of documents that have a label regardless of the answers, drawn or not."""
        return self._came

    @property
    def corrections(self) -> Mapping[str, TrueLabel]:
        """The corrections."""
        return self._corrections

    def add(self, label: TrueLabel) -> None:
        """Add a label."""
        if self._find is not None and label.label is not None:
            spelled = self._find(label.label) or canonical_label(label.label)
            label = replace(label, label=spelled or label.label)
        correction = label.source is LabelSource.CORRECTION
        known = self._corrections if correction else self._labels
        if label.source is LabelSource.TRUTH and label.label is not None:
            self._came.add(label.request_id)
        earlier = known.get(label.request_id)
        if earlier is None:
            known[label.request_id] = label
            return
        if earlier.label is not None and label.label is not None:
            self.repeated += 1
            if earlier.label != label.label:
                self._contradicted.add((correction, label.request_id))
        latest = label if _replaces(label, earlier) else earlier
        known[label.request_id] = _drawn_as(latest, label, earlier)

    def copy(self) -> KnownLabels:
        """Return a copy that later labels do not change."""
        known = KnownLabels(find=self._find)
        known.repeated = self.repeated
        known._contradicted = set(self._contradicted)
        known._labels = dict(self._labels)
        known._corrections = dict(self._corrections)
        known._came = set(self._came)
        return known


def _replaces(label: TrueLabel, earlier: TrueLabel) -> bool:
    if label.label is None or earlier.label is None:
        return earlier.label is None
    if label.labelled_at is None or earlier.labelled_at is None:
        return True
    return label.labelled_at >= earlier.labelled_at


def _drawn_as(latest: TrueLabel, *entries: TrueLabel) -> TrueLabel:
    """Return the latest label as that of a drawn document, where any entry says that it was."""
    draws = [entry for entry in (latest, *entries) if entry.source is LabelSource.QUEUE]
    if not draws:
        return latest
    draw = draws[0]
    return replace(
        latest,
        source=draw.source,
        stratum=draw.stratum,
        inclusion_probability=draw.inclusion_probability,
        given_up=latest.label is None and any(entry.given_up for entry in draws),
    )

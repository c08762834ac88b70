"""Expected accuracy, precision, recall, F1, AUC and cost of a window without labels.

Each figure is what labels of this window would show, with a 95 % interval for that. The interval
allows for the chance in these labels, for the held-out sample that the calibration comes from, and
for what a calibration misses where confidences have moved (delta method: the variance of a figure
is that of its linear part). It also takes documents of which the held-out ones say nothing as all
wrong at its lower end, and as all right at its upper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from guards.performance import figures
from guards.performance.answer_counts import MAX_CLASSES
from guards.performance.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.evidence.figures import Figure
    from guards.json_types import JsonMapping, JsonObject
    from guards.performance.confusion import Confusion, Hits
    from guards.performance.sealed import SealedPerformance

__all__ = ["ClassEstimate", "Estimate", "estimate"]

_EMPTY = "the window has no documents"
_TOO_MANY_LABELS = f"there are more than {MAX_CLASSES} labels"
_NO_PAIRS = "the reference has no counts of pairs of labels"
_ONE_SIDED = "of some label all documents are expected, or none"


@dataclass(frozen=True, slots=True)
class ClassEstimate:
    """Figures of one label.

    ``precision`` is None where no document is predicted so, ``recall`` where none is expected to
    have the label, and ``f1`` where neither; the latter two also where ``Estimate.absent`` says.
    """

    precision: Figure | None
    recall: Figure | None
    f1: Figure | None

    def to_json(self) -> JsonObject:
        """Return the figures as plain JSON."""
        return {name: _json(getattr(self, name)) for name in ("precision", "recall", "f1")}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected figures of a window.

    ``confusion`` [predicted][true] are expected documents, and ``cost`` is that of one document.
    ``absent`` says why figures are not there, by name.
    """

    documents: int
    absent: Mapping[str, str]
    accuracy: Figure | None = None
    classes: Mapping[str, ClassEstimate] = field(default_factory=dict)
    macro_f1: Figure | None = None
    auc: Figure | None = None
    confusion: Sequence[Sequence[float]] | None = None
    cost: Figure | None = None

    def to_json(self) -> JsonObject:
        """Return the estimate as plain JSON."""
        return {
            "documents": self.documents,
            "accuracy": _json(self.accuracy),
            "classes": {label: each.to_json() for label, each in self.classes.items()},
            "macro_f1": _json(self.macro_f1),
            "auc": _json(self.auc),
            "confusion": self.confusion,
            "cost": _json(self.cost),
            "absent": dict(self.absent),
        }


def estimate(
    sealed: SealedPerformance,
    counts: JsonMapping,
    *,
    unseen: float = 0.0,
    cost: Sequence[Sequence[float]] | None = None,
) -> Estimate:
    """Return the expected figures of a window.

    ``counts`` are what :meth:`~guards.performance.answer_counts.AnswerCounts.get` returned, or a
    sum of such. ``unseen`` is the share of documents of a kind that hardly occurred among the
    held-out ones. ``cost`` [predicted][true] is what such an answer costs. Raises ``ValueError``
    for counts of other labels, for a share that is none, and for a cost that is not one finite
    number for each pair of labels.
    """
    if not 0 <= unseen <= 1:
        message = f"unseen must be a share between 0 and 1, found {unseen}"
        raise ValueError(message)
    costs = None if cost is None else _checked(cost, len(sealed.labels))
    window = Window.of(sealed, counts)
    if not window.documents:
        return Estimate(0, dict.fromkeys(_figure_names(costs), _EMPTY))
    doubtful = min(unseen * window.documents + window.uncalibrated, window.documents)
    hits = window.hits()
    confusion = window.confusion(hits)
    absent = _absent(sealed, confusion, costs)
    accuracy = figures.accuracy(hits, doubtful)
    if "classes" in absent:
        return Estimate(window.documents, absent, accuracy)
    classes = _classes(sealed.labels, hits, confusion, doubtful)
    if confusion is None:
        return Estimate(window.documents, absent, accuracy, classes)
    rankings = window.rankings()
    known = [ranking for ranking in rankings if ranking is not None]
    complete = len(known) == len(rankings)
    return Estimate(
        documents=window.documents,
        absent=absent if complete else {"auc": _ONE_SIDED},
        accuracy=accuracy,
        classes=classes,
        macro_f1=figures.macro_f1(confusion, doubtful),
        auc=figures.auc(known, doubtful) if complete else None,
        confusion=confusion.matrix.tolist(),
        cost=None if costs is None else figures.mean_cost(confusion, costs, doubtful),
    )


def _figure_names(costs: NDArray[np.float64] | None) -> list[str]:
    names = ["accuracy", "classes", "recall", "f1", "macro_f1", "auc", "confusion"]
    return names if costs is None else [*names, "cost"]


def _absent(
    sealed: SealedPerformance, confusion: Confusion | None, costs: NDArray[np.float64] | None
) -> dict[str, str]:
    if confusion is not None:
        return {}
    _, *names = _figure_names(costs)
    if len(sealed.labels) > MAX_CLASSES:
        return dict.fromkeys(names, _TOO_MANY_LABELS)
    return dict.fromkeys((name for name in names if name != "classes"), _NO_PAIRS)


def _classes(
    labels: Sequence[str], hits: Hits, confusion: Confusion | None, doubtful: float
) -> dict[str, ClassEstimate]:
    nothing: list[Figure | None] = [None] * len(labels)
    columns = (
        figures.precision(hits, doubtful),
        nothing if confusion is None else figures.recall(confusion, doubtful),
        nothing if confusion is None else figures.f1(confusion, doubtful),
    )
    rows = zip(*columns, strict=True)
    return {label: ClassEstimate(*row) for label, row in zip(labels, rows, strict=True)}


def _checked(cost: Sequence[Sequence[float]], labels: int) -> NDArray[np.float64]:
    if [len(row) for row in cost] != [labels] * labels or not np.isfinite(cost).all():
        message = f"cost must be {labels} rows of {labels} finite numbers"
        raise ValueError(message)
    return np.array(cost, dtype=np.float64)


def _json(figure: Figure | None) -> JsonObject | None:
    return None if figure is None else figure.to_json()

"""How well variants did in a window, estimated without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guards.performance.estimate import estimate
from guards.performance.sealed import SealedPerformance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.reference import Reference
    from guards.events.events import DriftWindow
    from guards.json_types import JsonMapping, JsonObject
    from guards.performance.cost import CostTable

__all__ = ["estimates"]


_OTHER_LABELS = "the cost table has other labels"


def estimates(
    window: DriftWindow,
    champion: Reference,
    challengers: Mapping[str, Reference],
    costs: CostTable | None = None,
) -> JsonObject:
    """Return the estimate of the champion, and of each challenger by its id, as plain JSON.

    A challenger is estimated on the documents that it was compared on. There is a cost with
    ``costs`` of its labels. Takes some milliseconds, and some ten with twenty labels.
    """
    counts = window.counts
    unseen = counts["unseen"]["documents"] / max(window.documents, 1)
    compared = counts["challengers"]
    return {
        "champion": _estimate(champion, counts["answers"], unseen, costs),
        "challengers": {
            key: _estimate(reference, compared[key]["answers"], unseen, costs)
            for key, reference in challengers.items()
            if compared.get(key, {}).get("answers")
        },
    }


def _estimate(
    reference: Reference, answers: JsonMapping, unseen: float, costs: CostTable | None
) -> JsonObject:
    sealed = SealedPerformance.from_reference(reference.calibration, reference.pairs)
    cost = None if costs is None else costs.matrix(sealed.labels)
    estimated = estimate(sealed, answers, unseen=min(unseen, 1.0), cost=cost)
    found: JsonObject = _rounded(estimated.to_json())
    if costs is not None and cost is None:
        found["absent"]["cost"] = _OTHER_LABELS
    return found


def _rounded(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value

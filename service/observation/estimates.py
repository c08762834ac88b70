"""How well variants did in a window, estimated without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guards.performance.estimate import estimate
from guards.performance.sealed import SealedPerformance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.reference import Reference
    from guards.events.drift_window import DriftWindow
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["estimates"]


def estimates(
    window: DriftWindow, champion: Reference, challengers: Mapping[str, Reference]
) -> JsonObject:
    """Return the estimate of the champion, and of each challenger by its id, as plain JSON.

    A challenger is estimated on the documents that it was compared on. Takes some milliseconds,
    and some ten with twenty labels.
    """
    counts = window.counts
    unseen = counts["unseen"]["documents"] / max(window.documents, 1)
    compared = counts["challengers"]
    return {
        "champion": _estimate(champion, counts["answers"], unseen),
        "challengers": {
            key: _estimate(reference, compared[key]["answers"], unseen)
            for key, reference in challengers.items()
            if compared.get(key, {}).get("answers")
        },
    }


def _estimate(reference: Reference, answers: JsonMapping, unseen: float) -> JsonObject:
    sealed = SealedPerformance.from_reference(reference.calibration, reference.pairs)
    found: JsonObject = _rounded(estimate(sealed, answers, unseen=min(unseen, 1.0)).to_json())
    return found


def _rounded(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value

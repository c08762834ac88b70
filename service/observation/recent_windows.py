"""Scores of windows that say too little by themselves, merged with those before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guards.drift.distance import DOCUMENTS_NEEDED, score
from guards.drift.sketch import documents_of, merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.distance import Score
    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

__all__ = ["RecentWindows"]


@dataclass(slots=True)
class _Recent:
    """What was counted since ``earlier`` was enough by itself, and what was scored last."""

    earlier: JsonObject = field(default_factory=dict)
    later: JsonObject = field(default_factory=dict)
    scored: JsonObject = field(default_factory=dict)


class RecentWindows:
    """Scores features over the last window, or with those before it where it says too little.

    So many windows are merged as hold one to two times what a feature needs, and all of them where
    there are not so many yet.
    """

    def __init__(self) -> None:
        """Start without windows."""
        self._recent: dict[str, _Recent] = {}

    def scores(
        self,
        features: Mapping[str, FeatureReference],
        counted: Mapping[str, JsonObject],
        *,
        closing: bool,
    ) -> dict[str, Score]:
        """Return the score of each feature; only a ``closing`` window is remembered."""
        scores = {}
        for name, feature in features.items():
            recent = self._recent.setdefault(name, _Recent())
            scores[name] = self._score(recent, feature, counted[name], closing).rounded()
        return scores

    def snapshot(self, name: str) -> JsonObject:
        """Return what the latest score of a feature was computed from."""
        return self._recent[name].scored

    def _score(
        self,
        recent: _Recent,
        feature: FeatureReference,
        counts: JsonObject,
        closing: bool,  # noqa: FBT001 (as it is passed on)
    ) -> Score:
        alone = score(feature, counts)
        if alone.enough_data:
            if closing:
                recent.earlier, recent.later, recent.scored = {}, {}, counts
            return alone
        later = merge(recent.later, counts)
        together = merge(recent.earlier, later)
        scored = score(feature, together)
        if closing:
            recent.later, recent.scored = later, together
            if scored.enough_data and documents_of(later) >= DOCUMENTS_NEEDED:
                recent.earlier, recent.later = later, {}
        return scored

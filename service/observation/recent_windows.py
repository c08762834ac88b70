"""Scores of windows that say too little by themselves, merged with those before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from guards.drift.distance import DOCUMENTS_NEEDED, score
from guards.drift.sketch import merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.distance import Score
    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

__all__ = ["RecentWindows"]


@dataclass(slots=True)
class _Recent:
    """What was counted since ``earlier`` was enough by itself, and what was scored last.

    ``earlier_since`` and ``later_since`` are the starts of their first windows.
    """

    earlier: JsonObject = field(default_factory=dict)
    earlier_since: str | None = None
    later: JsonObject = field(default_factory=dict)
    later_since: str | None = None
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
        start: str,
        *,
        closing: bool,
    ) -> dict[str, Score]:
        """Return the score of each feature in the window that began at ``start`` (RFC 3339).

        Only a ``closing`` window is remembered.
        """
        scores = {}
        for name, feature in features.items():
            recent = self._recent.setdefault(name, _Recent())
            scored = self._score(recent, feature, counted[name], start, closing)
            scores[name] = scored.rounded()
        return scores

    def snapshot(self, name: str) -> JsonObject:
        """Return what the latest score of a feature was computed from."""
        return self._recent[name].scored

    def _score(
        self,
        recent: _Recent,
        feature: FeatureReference,
        counts: JsonObject,
        start: str,
        closing: bool,  # noqa: FBT001 (as it is passed on)
    ) -> Score:
        alone = score(feature, counts)
        if alone.enough_data:
            if closing:
                recent.earlier, recent.later, recent.scored = {}, {}, counts
                recent.earlier_since = recent.later_since = None
            return alone
        later = merge(recent.later, counts)
        later_since = recent.later_since or start
        together = merge(recent.earlier, later)
        since = recent.earlier_since or later_since
        scored = score(feature, together)
        if closing:
            recent.later, recent.scored, recent.later_since = later, together, later_since
            if scored.enough_data and score(feature, later).documents >= DOCUMENTS_NEEDED:
                recent.earlier, recent.later = later, {}
                recent.earlier_since, recent.later_since = later_since, None
        return scored if since == start else replace(scored, since=since)

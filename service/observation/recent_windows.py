"""Scores of windows that say too little by themselves, merged with those before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from guards.drift.alarm.window_evidence import WindowEvidence
from guards.drift.distance import DOCUMENTS_NEEDED, score
from guards.drift.sketch import documents_of, merge
from guards.drift.teaching import kind_of, series_of
from service.observation.variant_alarms import cell_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.drift.distance import Score
    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

__all__ = ["RecentWindows"]


@dataclass(slots=True)
class _Recent:
    """What was counted since ``earlier`` was enough by itself, and the latest score.

    ``earlier_since`` and ``later_since`` are the starts of their first windows.
    """

    earlier: JsonObject = field(default_factory=dict)
    earlier_since: str | None = None
    later: JsonObject = field(default_factory=dict)
    later_since: str | None = None
    scored: _Scored | None = None


class _Scored(NamedTuple):
    """A score, and the snapshot that it was computed from."""

    score: Score
    snapshot: JsonObject


class RecentWindows:
    """Scores features over the last window, or with those before it where it says too little.

    So many windows are merged as hold one to two times what a feature needs, and all of them where
    there are not so many yet.
    """

    def __init__(self) -> None:
        """Start without windows."""
        self._recent: dict[str, _Recent] = {}
        self._evidence: dict[tuple[str, ...], WindowEvidence] = {}

    def scores(
        self,
        features: Mapping[str, FeatureReference],
        counted: Mapping[str, JsonObject],
        start: str,
        *,
        closing: bool,
    ) -> dict[str, Score]:
        """Return the score of each feature in the window that began at ``start`` (RFC 3339).

        Only a ``closing`` window is remembered. The features of one name are the same at each call.
        """
        scored = {}
        for name, feature in features.items():
            recent = self._recent.setdefault(name, _Recent())
            scored[name] = self._score(recent, feature, counted[name], start, closing)
        e_values = self._e_values(features, scored)
        scores = {}
        for name, (of_counts, snapshot) in scored.items():
            scores[name] = replace(of_counts, e_value=e_values[name]).rounded()
            if closing:
                self._recent[name].scored = _Scored(scores[name], snapshot)
        return scores

    def latest(self, name: str) -> tuple[Score, JsonObject]:
        """Return the latest score of a feature, and the snapshot that it was computed from.

        Raises ``KeyError`` before there is one.
        """
        scored = self._recent[name].scored
        if scored is None:
            raise KeyError(name)
        return scored

    def _e_values(
        self, features: Mapping[str, FeatureReference], scored: Mapping[str, _Scored]
    ) -> dict[str, float]:
        names = tuple(features)
        if names not in self._evidence:
            series = {
                name: series_of(kind_of(feature), feature.cell_counts, None)
                for name, feature in features.items()
            }
            self._evidence[names] = WindowEvidence(series)
        counts = {name: cell_counts(snapshot) for name, (_, snapshot) in scored.items()}
        return self._evidence[names].e_values(counts)

    def _score(
        self,
        recent: _Recent,
        feature: FeatureReference,
        counts: JsonObject,
        start: str,
        closing: bool,  # noqa: FBT001 (as it is passed on)
    ) -> _Scored:
        alone = score(feature, counts)
        if alone.enough_data:
            if closing:
                recent.earlier, recent.later = {}, {}
                recent.earlier_since = recent.later_since = None
            return _Scored(alone, counts)
        later = merge(recent.later, counts)
        later_since = recent.later_since or start
        together = merge(recent.earlier, later)
        since = recent.earlier_since or later_since
        scored = score(feature, together)
        if closing:
            recent.later, recent.later_since = later, later_since
            if scored.enough_data and documents_of(later) >= DOCUMENTS_NEEDED:
                recent.earlier, recent.later = later, {}
                recent.earlier_since, recent.later_since = later_since, None
        return _Scored(scored if since == start else replace(scored, since=since), together)

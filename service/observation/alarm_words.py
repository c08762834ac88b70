"""What an alarm says to whoever is on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.feature_reference import NumericReference
from guards.drift.rounding import share_pair
from guards.drift.wording import changes_in_words
from guards.text import counted, printable

if TYPE_CHECKING:
    from guards.drift.alarm.events import Cleared, Raised
    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonMapping
    from service.observation.variant_alarms import Moved

__all__ = ["alarm_words", "cleared_words", "share_words"]

_MAX_VALUE_CHARS = 40


def alarm_words(
    feature: FeatureReference, moved: Moved, recent: JsonMapping, *, private: bool
) -> str:
    """Return how a feature differs now, or since when by how much where ``recent`` hides it.

    ``recent`` is the snapshot of the latest documents. Of a private feature no value is named.
    """
    raised = moved.raised
    private = private or feature.private
    # Those compare with training, and a share that was taught may be another at this hour.
    sentences = (
        () if feature.taught else changes_in_words(raised.series, feature, recent, private=private)
    )
    return "; ".join(sentences) or share_words(feature, raised, private=private)


def share_words(feature: FeatureReference, raised: Raised, *, private: bool) -> str:
    """Return which share is another since when; of a private feature no value is named."""
    before, now = share_pair(raised.reference_share, raised.share)
    part = "some values" if private else _part(feature, raised)
    name = printable(raised.series)
    return f"{name}: {part} {before} → {now}, over {counted(raised.minutes, 'minute')}"


def cleared_words(cleared: Cleared) -> str:
    """Return that a feature is back."""
    minutes = counted(cleared.minutes, "minute")
    return f"{printable(cleared.series)}: as in the reference for {minutes}"


def _part(feature: FeatureReference, raised: Raised) -> str:
    """Return what is on the one side of the split that says most."""
    cells = raised.split.cells
    if raised.split.kind in {"missing", "outside"}:
        numeric = isinstance(feature, NumericReference)
        outside = "infinite" if numeric else "new categories"
        return "missing" if raised.split.kind == "missing" else outside
    if isinstance(feature, NumericReference):
        last = max(cells)
        # A single cell, or cells that were joined to one, are divided from missing values.
        return f"below {feature.edges[last]:,.6g}" if last < len(feature.edges) else "any number"
    if len(cells) > 1:
        return f"{len(cells)} rarer categories"
    return printable(feature.categories[cells[0]], _MAX_VALUE_CHARS)

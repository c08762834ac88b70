"""Notes where held-out rows are too few to judge a classifier by, or to watch its inputs with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from artifacts.evaluation.intervals import Z
from guards.drift.distance import BAND_LIMIT, DOCUMENTS_NEEDED, null_band
from guards.drift.feature_reference import NumericReference
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.drift.feature_reference import FeatureReference
    from guards.drift.reference import Reference
    from guards.json_types import JsonMapping

__all__ = ["few_rows_notes"]

_MARGIN = 0.02
"""The difference in accuracy that two models are told apart by: the default margin of a verdict."""

_FEW_OF_A_CLASS = 5

_MANY = 10**6


def few_rows_notes(metrics: JsonMapping, reference: Reference) -> Iterator[str]:
    """Yield a note for each thing that the held-out rows cannot tell, and how many rows could.

    ``metrics`` are the figures of ``evaluate`` on these rows, empty if there are none.
    """
    if metrics:
        yield from _accuracy_note(metrics["accuracy"], metrics["rows"])
        yield from _classes_note(metrics["classes"])
    yield from _reference_note(reference)


def _accuracy_note(accuracy: JsonMapping, rows: int) -> Iterator[str]:
    if accuracy["value"] == 1:
        yield (
            f"all {rows} held-out rows are answered rightly: they do not tell how sure the model "
            "is where it is wrong, so that its calibration rests on little"
        )
    low, high = accuracy["low"], accuracy["high"]
    if high - low <= 2 * _MARGIN:
        return
    # The end of the interval at which a share of so many rows varies most.
    share = min(max(0.5, low), high)
    enough = share * (1 - share) * (Z / _MARGIN) ** 2
    yield (
        f"{rows} held-out rows are few: the accuracy, {accuracy['value']:.3f}, may be anything "
        f"from {low:.3f} to {high:.3f}, so that models that differ by {_MARGIN:g} cannot be told "
        f"apart; about {_rounded_up(enough)} held-out rows would do"
    )


def _classes_note(classes: JsonMapping) -> Iterator[str]:
    few = [label for label, ranks in classes.items() if ranks["support"] < _FEW_OF_A_CLASS]
    if few:
        yield (
            f"{len(few)} of {len(classes)} classes have fewer than {_FEW_OF_A_CLASS} held-out "
            f"rows, and their figures say next to nothing: {listed(few)}"
        )


def _reference_note(reference: Reference) -> Iterator[str]:
    needed = {name: _rows_needed(feature) for name, feature in reference.features.items()}
    unwatched = [name for name, rows in needed.items() if rows > reference.documents]
    if unwatched:
        yield (
            f"a reference of {reference.documents} rows is too small to watch {len(unwatched)} of "
            f"{len(needed)} features for drift, since chance alone moves their scores too far: "
            f"{listed(unwatched)}; about {_rounded_up(max(needed.values()))} held-out rows would do"
        )


def _rows_needed(feature: FeatureReference) -> float:
    """Return how many rows a reference needs for a window of as many documents to say anything.

    A score says something where its band without drift is within ``BAND_LIMIT``; the band is
    proportional to 1/√rows.
    """
    numeric = isinstance(feature, NumericReference)
    occupied = sum(1 for count in feature.counts if count)
    band = null_band("ks" if numeric else "js", occupied, _MANY, _MANY)
    return max(_MANY * (band / BAND_LIMIT) ** 2, DOCUMENTS_NEEDED)


def _rounded_up(rows: float) -> int:
    """Return ``rows``, rounded up to two digits."""
    unit = int(10 ** max(0, math.floor(math.log10(rows)) - 1))
    return math.ceil(rows / unit) * unit

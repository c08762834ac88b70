"""How far a window is from the reference, and how far chance alone would move it.

Two distances, each in [0, 1] and each computed from counts alone; ``score`` chooses between them.
A score describes one window and is not an alarm: a rule that fires above a 95 % band fires in every
twentieth window without drift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import chdtri, rel_entr

from guards.drift.feature_reference import NumericReference
from guards.drift.measures import (
    EFFECT_FLOOR,
    new_share_band,
    population_stability,
    population_stability_band,
    smallest_visible,
    wasserstein,
    wasserstein_band,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "BAND_LIMIT",
    "DOCUMENTS_NEEDED",
    "Metric",
    "Score",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "null_band",
    "score",
]

Metric = Literal["ks", "js"]

DOCUMENTS_NEEDED = 50
"""Below it a share is known to ± 14 percentage points at best (1.96·√(¼/50)): too little data."""

BAND_LIMIT = 0.25
"""Above it chance alone may move a quarter of the scale, which hides all but the largest drift."""

_PLAIN = 2.0
"""Chance alone exceeds twice its band in less than one of a million windows, however small."""

_CHANCE = 0.05
_KOLMOGOROV_QUANTILE = 1.358


def jensen_shannon(p_counts: Sequence[int], q_counts: Sequence[int]) -> float:
    """Measure the Jensen-Shannon distance, base 2: 0 for equal shares, 1 for disjoint ones.

    The root of ½·KL(p‖m) + ½·KL(q‖m) with m = ½(p + q) and logarithms to base 2 (Lin 1991,
    "Divergence measures based on the Shannon entropy", eq. 4.1; a metric by Endres and Schindelin
    2003). Counts are [cells] in any order. Raises ``ValueError`` if one side is empty or the
    sides differ in cells.
    """
    p, q = _shares(p_counts, q_counts)
    middle = (p + q) / 2
    nats = float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / 2
    # Rounding may leave the sum a few ulps outside its range.
    return math.sqrt(min(max(nats / math.log(2), 0.0), 1.0))


def kolmogorov_smirnov(p_counts: Sequence[int], q_counts: Sequence[int]) -> float:
    """Measure the largest gap between cumulative shares over ordered cells.

    The two-sample statistic D = max |F_p - F_q| (Smirnov 1939) seen at the cells' edges only: at
    most the D of the values themselves, and smaller by no more than the largest share in one cell.
    Counts are [cells] in order. Raises ``ValueError`` if one side is empty or the sides
    differ in cells.
    """
    p, q = _shares(p_counts, q_counts)
    return min(float(np.abs(np.cumsum(p - q)).max()), 1.0)


def null_band(metric: Metric, cells: int, reference_documents: int, window_documents: int) -> float:
    """Return the value that the distance stays below with 95 % probability without drift.

    With s = 1/n + 1/m over documents of the reference and the window, asymptotically:
    for ``ks`` 1.358·√s (Smirnov 1948, "Table for estimating the goodness of fit of empirical
    distributions"; on cells or discrete values the truth is lower); for ``js`` the root of
    χ²·s / (8 ln 2), with χ² the 95 % quantile at ``cells`` - 1 degrees of freedom, from the
    divergence's expansion (1/8) Σ (p - q)²/π about equal shares (Menéndez, Pardo, Pardo and Pardo
    1997, "The Jensen-Shannon divergence"). ``cells`` counts the cells that are not empty; ``ks``
    does not depend on them. Never above 1, and 1 if one side is empty.
    """
    if not reference_documents or not window_documents:
        return 1.0
    noise = 1 / reference_documents + 1 / window_documents
    if metric == "ks":
        return min(_KOLMOGOROV_QUANTILE * math.sqrt(noise), 1.0)
    quantile = float(chdtri(cells - 1, _CHANCE)) if cells > 1 else 0.0
    return min(math.sqrt(quantile * noise / (8 * math.log(2))), 1.0)


@dataclass(frozen=True, slots=True)
class Score:
    """How far one feature's window is from its reference.

    ``value`` is the distance named by ``metric``, and ``js`` the Jensen-Shannon distance in either
    case; both are None when there is nothing to compare. Without drift ``value`` stays below
    ``null_band`` in 95 of 100 windows. ``enough_data`` tells whether there are enough documents to
    say something. ``floor`` is the distance that counts as none, and ``smallest_visible`` the
    smallest one that alarms can see with this reference; both are those of an even split, None in
    lines of earlier versions. ``also`` has pairs of a value and its null band for further measures:
    ``psi``, ``wasserstein_sd`` (in standard deviations of the reference) and ``new_share`` (of
    categories that the reference does not know). Where windows were scored together, ``since`` is
    the start of the first of them (RFC 3339), and ``documents`` are of all.
    ``e_value`` is that of these counts alone against shifts up to ``floor``, as
    ``guards.drift.alarm.window_evidence`` computes it; None where it was not, as in lines of
    earlier versions.
    """

    metric: Metric
    value: float | None
    js: float | None
    null_band: float
    enough_data: bool
    documents: int
    floor: float | None = None
    smallest_visible: float | None = None
    also: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    since: str | None = None
    e_value: float | None = None

    def to_json(self) -> JsonObject:
        """Return the score as plain JSON, without what it does not have."""
        told = {name: getattr(self, name) for name in _NAMES}
        return {name: value for name, value in told.items() if value is not None or name in _ALWAYS}

    def rounded(self) -> Score:
        """Return the score with its numbers rounded to four digits, as lines carry it."""
        return Score(**_rounded(self.to_json()))

    @classmethod
    def from_json(cls, data: JsonMapping) -> Score:
        """Read a score out of an object that may hold more; ``KeyError`` without it."""
        return cls(**{name: data[name] for name in _NAMES if name in data or name in _ALWAYS})


# Logs have hundreds of scores a window: the fields are not looked up for each.
_NAMES = tuple(each.name for each in fields(Score))
_ALWAYS = {"metric", "value", "js", "null_band", "enough_data", "documents"}


def score(reference: FeatureReference, snapshot: JsonMapping) -> Score:
    """Compare one feature's snapshot with its reference.

    Categories are compared by ``js`` over dictionary, missing and unknown; numbers by ``ks`` over
    the cells of the finite values, beside ``js`` over those, missing and infinite. Where a window
    or a reference has documents but no finite value, ``js`` is the metric instead, so
    that a column that is missing altogether does not look like one without documents.
    Raises ``ValueError`` when the snapshot was counted over other cells.
    """
    numeric = isinstance(reference, NumericReference)
    outside = ("missing", "infinite" if numeric else "unknown")
    all_expected, all_observed = list(reference.cell_counts), _counts(snapshot, outside)
    documents = sum(all_observed)
    comparable = any(all_expected) and documents > 0
    js = jensen_shannon(all_expected, all_observed) if comparable else None
    js_band = null_band("js", _occupied(all_expected, all_observed), sum(all_expected), documents)
    metric: Metric = "js"
    value, band = js, js_band
    ordered = any(reference.counts) and any(snapshot["counts"])
    if numeric and (ordered or not comparable):
        expected, observed = list(reference.counts), list(snapshot["counts"])
        metric, value = "ks", kolmogorov_smirnov(expected, observed) if ordered else None
        band = null_band("ks", 0, sum(expected), sum(observed))
    precise = documents >= DOCUMENTS_NEEDED and band <= BAND_LIMIT
    plain = any(
        distance is not None and distance > _PLAIN * within
        for distance, within in ((value, band), (js, js_band))
    )
    return Score(
        metric=metric,
        value=value,
        js=js,
        null_band=band,
        enough_data=comparable and (precise or plain),
        documents=documents,
        floor=_as_distance(metric, EFFECT_FLOOR),
        smallest_visible=_as_distance(metric, smallest_visible(sum(all_expected))),
        also=_also(reference, snapshot) if comparable else {},
    )


def _also(reference: FeatureReference, snapshot: JsonMapping) -> JsonObject:
    """Return PSI, and for numbers the Wasserstein distance, for categories the new share."""
    numeric = isinstance(reference, NumericReference)
    outside = ("missing", "infinite" if numeric else "unknown")
    expected, observed = list(reference.cell_counts), _counts(snapshot, outside)
    rows, documents = sum(expected), sum(observed)
    noise = 1 / rows + 1 / documents
    band = population_stability_band(_occupied(expected, observed), noise)
    measures: JsonObject = {"psi": [population_stability(expected, observed), band]}
    if isinstance(reference, NumericReference):
        distance = wasserstein(reference, snapshot)
        if distance is not None:
            finite = 1 / sum(reference.counts) + 1 / sum(snapshot["counts"])
            measures["wasserstein_sd"] = [distance, wasserstein_band(reference, finite)]
    else:
        band = new_share_band(reference.unknown, rows, documents)
        measures["new_share"] = [snapshot["unknown"] / documents, band]
    return measures


def _occupied(expected: Sequence[int], observed: Sequence[int]) -> int:
    return sum(1 for p, q in zip(expected, observed, strict=True) if p or q)


def _as_distance(metric: Metric, shift: float) -> float:
    """Return the distance of two even splits that lie ``shift`` apart on the arcsine scale."""
    if metric == "ks":
        return math.sin(min(shift, math.pi / 2)) / 2
    return min(shift / math.sqrt(8 * math.log(2)), 1.0)


def _rounded(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(_rounded, value))
    return value


def _counts(snapshot: JsonMapping, outside: tuple[str, ...]) -> list[int]:
    return [*snapshot["counts"], *(snapshot[name] for name in outside)]


def _shares(
    p_counts: Sequence[int], q_counts: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p, q = np.asarray(p_counts, dtype=np.float64), np.asarray(q_counts, dtype=np.float64)
    if p.shape != q.shape:
        message = f"counts over {p.size} cells cannot be compared with counts over {q.size}"
        raise ValueError(message)
    if not p.sum() or not q.sum():
        message = "a distance needs counts on both sides"
        raise ValueError(message)
    return p / p.sum(), q / q.sum()

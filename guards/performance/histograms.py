"""Documents by bins of a probability, and the JSON of such histograms.

Bins are written in tens, and tens without documents are left out: ``{"19": [0, 2, …]}`` has the
counts of the bins 190 to 199. A bin by itself would take more room with its name than with its
count; and since every ten has the same form, :func:`guards.drift.sketch.merge` adds histograms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.drift.calibration import CONFIDENCE_BINS, MAX_COUNT
from guards.drift.fields import sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["bins_of", "from_tens", "to_tens"]

_TEN = 10
_TENS = CONFIDENCE_BINS // _TEN
_NAMES = {str(index) for index in range(_TENS)}


def bins_of(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each probability in [0, 1], int64 of the same shape."""
    # Like guards.drift.reference.Calibration: the last bin holds 1 as well.
    bins = (probabilities * CONFIDENCE_BINS).astype(np.int64)
    return np.minimum(bins, CONFIDENCE_BINS - 1)


def to_tens(counts: NDArray[np.int64]) -> JsonObject:
    """Return counts int64 [CONFIDENCE_BINS] as plain JSON.

    >>> to_tens(np.bincount([191, 191, 199], minlength=CONFIDENCE_BINS))
    {'19': [0, 2, 0, 0, 0, 0, 0, 0, 0, 1]}
    """
    tens = counts.reshape(_TENS, _TEN)
    return {str(index): tens[index].tolist() for index in np.flatnonzero(tens.any(axis=1))}


def from_tens(data: JsonMapping) -> NDArray[np.int64]:
    """Read counts int64 [CONFIDENCE_BINS] back; raises ``ValueError`` where they are malformed."""
    tens = np.zeros((_TENS, _TEN), dtype=np.int64)
    for name in data:
        counts = sequence(data, name, int)
        known = name in _NAMES and len(counts) == _TEN
        if not known or not all(0 <= count <= MAX_COUNT for count in counts):
            message = f"{name!r} must be a number below {_TENS}, with {_TEN} counts"
            raise ValueError(message)
        tens[int(name)] = counts
    return tens.reshape(CONFIDENCE_BINS)

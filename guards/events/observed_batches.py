"""From the tables of a log to columns of what one champion after another answered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.events.arrays import categories, filled, floats, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from guards.evidence.columns import Categories

__all__ = ["OBSERVED", "ObservedColumns", "observed_columns"]


@dataclass(frozen=True, slots=True)
class ObservedColumns:
    """Answered documents; a document that was sent again is there again.

    ``observed_at`` int64 [rows] is in microseconds since 1970, UTC. ``champions`` are fingerprints
    of bundles, and ``references`` those of their references. ``confidence`` and ``margin`` are
    float64 [rows]. ``cells`` int16 [rows, features] has a column for each feature that a line
    tells, as many as the longest line has; -1 stands for none. ``probabilities`` float32
    [rows, classes] are in the order of the champion's sorted labels; NaN stands for none.
    """

    request_ids: Sequence[str]
    observed_at: NDArray[np.int64]
    runs: Categories
    replicas: Categories
    champions: Categories
    references: Categories
    segments: Categories
    labels: Categories
    confidence: NDArray[np.float64]
    margin: NDArray[np.float64]
    cells: NDArray[np.int16]
    probabilities: NDArray[np.float32]


OBSERVED = """
select request_id, observed_at, run, replica, fingerprint, reference, segment,
    champion.label as label, champion.confidence as confidence, champion.margin as margin, cells,
    probabilities
from lines where observed_at >= $start and observed_at < $end
order by observed_at, run, seq
"""
"""Selects the documents that were observed from one moment up to another."""


def observed_columns(batch: pa.RecordBatch) -> ObservedColumns:
    """Return the rows of ``OBSERVED`` as columns."""
    return ObservedColumns(
        request_ids=batch["request_id"].to_pylist(),
        observed_at=whole(batch["observed_at"]),
        runs=categories(batch["run"]),
        replicas=categories(batch["replica"]),
        champions=categories(batch["fingerprint"]),
        references=categories(batch["reference"]),
        segments=categories(batch["segment"]),
        labels=categories(batch["label"]),
        confidence=floats(batch["confidence"]),
        margin=floats(batch["margin"]),
        cells=filled(batch["cells"], -1, np.dtype(np.int16)),
        probabilities=filled(batch["probabilities"], math.nan, np.dtype(np.float32)),
    )

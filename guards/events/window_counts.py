"""From the tables of a log to the counts of windows within a period."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from guards.json_types import JsonMapping

__all__ = ["WINDOW_COUNTS", "WindowCounts", "window_counts"]

WINDOW_COUNTS = """
select windows.reference, documents, list(features order by part) as features
from windows join lines using (position)
where started_at >= $start and ended_at <= $end and ($run is null or run = $run)
group by run, started_at, ended_at, windows.reference, documents, parts
having count(distinct part) = parts
order by started_at, run, ended_at
"""
"""Selects the windows that are whole."""


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """What a window counts: its documents, and the snapshot of each feature by name."""

    reference: str
    documents: int
    features: JsonMapping


def window_counts(batch: pa.RecordBatch) -> Iterator[WindowCounts]:
    """Yield the rows of ``WINDOW_COUNTS``."""
    for reference, documents, parts in zip(
        *(column.to_pylist() for column in batch.columns), strict=True
    ):
        features = {name: each for part in parts for name, each in json.loads(part).items()}
        yield WindowCounts(reference, documents, features)

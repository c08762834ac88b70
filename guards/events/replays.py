"""The lines of replays, apart from those of services: what another bundle would have answered."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.events.arrays import categories, filled, floats
from guards.events.line_rows import LineKind
from guards.events.observed_batches import ObservedColumns, observed_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from guards.events.log_database import LogDatabase

__all__ = ["BUNDLES", "REPLAYED", "ReplayedColumns", "replayed_columns", "set_replays_apart"]


class ReplayedColumns(NamedTuple):
    """Documents with their answers, row by row: as they were recorded, and in a replay."""

    recorded: ObservedColumns
    again: ObservedColumns


_OF_REPLAYS = f"kind = {LineKind.OBSERVED} and list_contains($runs::VARCHAR[], run)"

BUNDLES = "select distinct name, version, fingerprint from replayed order by all"
"""Selects the bundles that answered in replays."""

REPLAYED = """
select lines.request_id as request_id, lines.observed_at as observed_at, lines.run as run,
    lines.replica as replica, lines.fingerprint as fingerprint, lines.reference as reference,
    lines.segment as segment, lines.champion.label as label,
    lines.champion.confidence as confidence, lines.champion.margin as margin, lines.cells as cells,
    lines.probabilities as probabilities,
    replayed.fingerprint as again_fingerprint, replayed.champion.label as again_label,
    replayed.champion.confidence as again_confidence, replayed.champion.margin as again_margin,
    replayed.run as again_run, replayed.reference as again_reference,
    replayed.cells as again_cells, replayed.probabilities as again_probabilities
from lines join replayed using (request_id, observed_at)
where observed_at >= $start and observed_at < $end and replayed.fingerprint = $fingerprint
    and ($run is null or lines.run = $run)
qualify row_number() over (partition by lines.position order by replayed.run, replayed.seq) = 1
order by observed_at, lines.run, lines.seq
"""
"""Selects the documents of a span that a bundle has answered in a replay, once each."""


def set_replays_apart(database: LogDatabase) -> None:
    """Move what replays answered to a table of its own, ``replayed``.

    Where logs hold nothing else, a replay is what there is to look at, and it stays.
    """
    database.execute("create or replace table replayed as select * from lines limit 0")
    parameters = {"runs": sorted(database.replays)}
    others = f"select 1 from lines where kind = {LineKind.OBSERVED} and not ({_OF_REPLAYS}) limit 1"  # noqa: S608 (our own names)
    if not database.replays or not database.execute(others, parameters):
        return
    database.execute(f"insert into replayed select * from lines where {_OF_REPLAYS}", parameters)  # noqa: S608
    database.execute(f"delete from lines where {_OF_REPLAYS}", parameters)  # noqa: S608


def replayed_columns(batch: pa.RecordBatch) -> ReplayedColumns:
    """Return the rows of ``REPLAYED`` as columns."""
    recorded = observed_columns(batch)
    return ReplayedColumns(
        recorded,
        replace(
            recorded,
            runs=categories(batch["again_run"]),
            champions=categories(batch["again_fingerprint"]),
            references=categories(batch["again_reference"]),
            labels=categories(batch["again_label"]),
            confidence=floats(batch["again_confidence"]),
            margin=floats(batch["again_margin"]),
            cells=filled(batch["again_cells"], -1, np.dtype(np.int16)),
            probabilities=filled(batch["again_probabilities"], math.nan, np.dtype(np.float32)),
        ),
    )

"""From the tables of a log to columns of one challenger's outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.events.arrays import categories, floats, switches, whole
from guards.evidence.columns import PairColumns, VariantColumns

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PAIRS", "pair_columns"]

_VARIANT = ("label", "confidence", "margin", "entropy", "cpu_s")
_ANSWERS = ", ".join(
    f"{variant}.{field} as {variant}_{field}"
    for variant in ("champion", "challenger")
    for field in _VARIANT
)

PAIRS = f"""
with entries as (
    select run, seq, request_id, observed_at, segment, tokens, champion,
        list_filter(challengers, lambda entry:
            entry.name = $challenger_name and entry.version = $challenger_version
            and entry.ordinal = $ordinal
        )[1] as challenger
    from lines
    where name = $name and version = $version and fingerprint = $fingerprint
), pairs as (
    select *, {{'observed_at': observed_at, 'run': run, 'seq': seq}} as place
    from entries where challenger is not null
), repeated as (
    select request_id from pairs group by request_id having count(*) > 1
), latest as (
    select request_id, max(place) as latest
    from pairs semi join repeated using (request_id) group by request_id
)
select request_id, observed_at, coalesce(place = latest, true) as last, segment, tokens,
    challenger.outcome as outcome, challenger.comparable as comparable,
    challenger.divergence as divergence, {_ANSWERS}
from pairs left join latest using (request_id)
order by observed_at, run, seq
"""  # noqa: S608 (our own names)
"""Selects the pairs of one champion and one challenger, in the order of their observation."""


def pair_columns(batch: pa.RecordBatch) -> PairColumns:
    """Return the rows of ``PAIRS`` as columns."""
    return PairColumns(
        request_ids=batch["request_id"].to_pylist(),
        observed_at=whole(batch["observed_at"]),
        last=switches(batch["last"]),
        segments=categories(batch["segment"]),
        tokens=whole(batch["tokens"]),
        outcomes=categories(batch["outcome"]),
        comparable=switches(batch["comparable"]),
        champion=_variant(batch, "champion"),
        challenger=_variant(batch, "challenger"),
        divergence=floats(batch["divergence"]),
    )


def _variant(batch: pa.RecordBatch, variant: str) -> VariantColumns:
    label, *numbers = (batch[f"{variant}_{field}"] for field in _VARIANT)
    return VariantColumns(categories(label), *map(floats, numbers))

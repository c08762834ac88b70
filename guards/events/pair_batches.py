"""From the tables of a log to columns of one challenger's outcomes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from guards.evidence.columns import Categories, PairColumns, VariantColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        observed_at=_whole(batch["observed_at"]),
        last=_switches(batch["last"]),
        segments=_categories(batch["segment"]),
        tokens=_whole(batch["tokens"]),
        outcomes=_categories(batch["outcome"]),
        comparable=_switches(batch["comparable"]),
        champion=_variant(batch, "champion"),
        challenger=_variant(batch, "challenger"),
        divergence=_floats(batch["divergence"]),
    )


def _variant(batch: pa.RecordBatch, variant: str) -> VariantColumns:
    label, *numbers = (batch[f"{variant}_{field}"] for field in _VARIANT)
    return VariantColumns(_categories(label), *map(_floats, numbers))


def _categories(texts: pa.StringArray) -> Categories:
    encoded = texts.dictionary_encode()
    codes = encoded.indices.cast(pa.int64()).fill_null(-1)
    return Categories(_whole(codes), tuple(encoded.dictionary.to_pylist()))


def _floats(numbers: pa.DoubleArray) -> NDArray[np.float64]:
    return np.asarray(numbers.fill_null(math.nan), dtype=np.float64)


def _whole(numbers: pa.Int64Array) -> NDArray[np.int64]:
    return np.asarray(numbers, dtype=np.int64)


def _switches(values: pa.BooleanArray) -> NDArray[np.bool_]:
    return np.asarray(values, dtype=np.bool_)

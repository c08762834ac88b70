"""What fitting leaves in a ``QuantileTransformer``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.common import SEED
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.kinds import optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Integer, Size

__all__ = ["QUANTILE_TRANSFORMER"]

QUANTILE_TRANSFORMER = Description(
    path="sklearn.preprocessing._data.QuantileTransformer",
    parameters={
        "n_quantiles": Integer(1),
        "output_distribution": Choice("uniform", "normal"),
        "ignore_implicit_zeros": Flag(),
        "subsample": optional(Integer(1)),
        "random_state": SEED,
        "copy": Flag(),
    },
    fitted={
        "n_quantiles_": Size("quantiles", low=1),
        "references_": Array("f", "quantiles", low=0, high=1, ascending=True),
        "quantiles_": Array("f", "quantiles", "features", sorted=True),
    },
)

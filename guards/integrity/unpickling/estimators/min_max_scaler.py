"""What fitting leaves in a ``MinMaxScaler``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.common import PAIR, SAMPLES
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.scalars import Flag

__all__ = ["MIN_MAX_SCALER"]

MIN_MAX_SCALER = Description(
    path="sklearn.preprocessing._data.MinMaxScaler",
    parameters={"feature_range": PAIR, "copy": Flag(), "clip": Flag()},
    fitted={
        "n_samples_seen_": SAMPLES,
        "scale_": Array("f", "features"),
        "min_": Array("f", "features"),
        "data_min_": Array("f", "features"),
        "data_max_": Array("f", "features"),
        "data_range_": Array("f", "features", low=0),
    },
    relations=[
        Relation(
            "feature_range does not ascend",
            lambda state: state["feature_range"][0] < state["feature_range"][1],
        )
    ],
)

"""What fitting leaves in a ``MaxAbsScaler``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.common import SAMPLES
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.scalars import Flag

__all__ = ["MAX_ABS_SCALER"]

MAX_ABS_SCALER = Description(
    path="sklearn.preprocessing._data.MaxAbsScaler",
    parameters={"copy": Flag(), "clip": Flag()},
    fitted={
        "n_samples_seen_": SAMPLES,
        "max_abs_": Array("f", "features", low=0),
        "scale_": Array("f", "features", low=0),
    },
    varying={"clip"},
)

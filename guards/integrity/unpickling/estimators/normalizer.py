"""What fitting leaves in a ``Normalizer``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.scalars import Choice, Flag

__all__ = ["NORMALIZER"]

NORMALIZER = Description(
    path="sklearn.preprocessing._data.Normalizer",
    parameters={"norm": Choice("l1", "l2", "max"), "copy": Flag()},
    varying={"n_features_in_"},
)

"""What fitting leaves in a ``Binarizer``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.scalars import Flag, Number

__all__ = ["BINARIZER"]

BINARIZER = Description(
    path="sklearn.preprocessing._data.Binarizer",
    parameters={"threshold": Number(), "copy": Flag()},
    varying={"n_features_in_"},
)

"""What fitting leaves in a ``TruncatedSVD``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.common import COUNT, SEED
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description, length_of
from guards.integrity.unpickling.estimators.scalars import Choice, Number

__all__ = ["TRUNCATED_SVD"]

TRUNCATED_SVD = Description(
    path="sklearn.decomposition._truncated_svd.TruncatedSVD",
    parameters={
        "algorithm": Choice("arpack", "randomized"),
        "n_components": COUNT,
        "n_iter": COUNT,
        "n_oversamples": COUNT,
        "power_iteration_normalizer": Choice("auto", "QR", "LU", "none"),
        "random_state": SEED,
        "tol": Number(0),
    },
    fitted={
        "components_": Array("f", "components", "features"),
        "explained_variance_": Array("f", "components"),
        "explained_variance_ratio_": Array("f", "components"),
        "singular_values_": Array("f", "components"),
    },
    width=length_of("components_"),
)

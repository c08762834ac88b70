"""What fitting leaves in a ``PCA``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.common import COUNT, SEED
from guards.integrity.unpickling.estimators.containers import Array
from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.kinds import OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Flag, Number, Size

__all__ = ["PCA"]

_SOLVER = Choice("auto", "full", "covariance_eigh", "arpack", "randomized")

PCA = Description(
    path="sklearn.decomposition._pca.PCA",
    parameters={
        "n_components": OneOf(optional(COUNT), Number(0, 1), Choice("mle")),
        "copy": Flag(),
        "whiten": Flag(),
        "svd_solver": _SOLVER,
        "tol": Number(0),
        "iterated_power": OneOf(Choice("auto"), COUNT),
        "n_oversamples": COUNT,
        "power_iteration_normalizer": Choice("auto", "QR", "LU", "none"),
        "random_state": SEED,
    },
    fitted={
        "_fit_svd_solver": _SOLVER,
        "mean_": Array("f", "features"),
        "noise_variance_": Number(nan=True),
        "n_samples_": COUNT,
        "n_components_": Size("components"),
        "components_": Array("f", "components", "features"),
        "explained_variance_": Array("f", "components"),
        "explained_variance_ratio_": Array("f", "components"),
        "singular_values_": Array("f", "components"),
    },
    width=lambda state, _given, _width_of: state.get("n_components_"),
)

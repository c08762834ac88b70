"""The descriptions of all estimators that a sealed preprocessing may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.binarizer import BINARIZER
from guards.integrity.unpickling.estimators.column_transformer import COLUMN_TRANSFORMER
from guards.integrity.unpickling.estimators.count_vectorizer import COUNT_VECTORIZER
from guards.integrity.unpickling.estimators.feature_union import FEATURE_UNION
from guards.integrity.unpickling.estimators.function_transformer import FUNCTION_TRANSFORMER
from guards.integrity.unpickling.estimators.hashing_vectorizer import HASHING_VECTORIZER
from guards.integrity.unpickling.estimators.kbins_discretizer import KBINS_DISCRETIZER
from guards.integrity.unpickling.estimators.make_column_selector import MAKE_COLUMN_SELECTOR
from guards.integrity.unpickling.estimators.max_abs_scaler import MAX_ABS_SCALER
from guards.integrity.unpickling.estimators.min_max_scaler import MIN_MAX_SCALER
from guards.integrity.unpickling.estimators.missing_indicator import MISSING_INDICATOR
from guards.integrity.unpickling.estimators.normalizer import NORMALIZER
from guards.integrity.unpickling.estimators.onehot_encoder import ONEHOT_ENCODER
from guards.integrity.unpickling.estimators.ordinal_encoder import ORDINAL_ENCODER
from guards.integrity.unpickling.estimators.pca import PCA
from guards.integrity.unpickling.estimators.pipeline import PIPELINE
from guards.integrity.unpickling.estimators.polynomial_features import POLYNOMIAL_FEATURES
from guards.integrity.unpickling.estimators.power_transformer import POWER_TRANSFORMER
from guards.integrity.unpickling.estimators.quantile_transformer import QUANTILE_TRANSFORMER
from guards.integrity.unpickling.estimators.robust_scaler import ROBUST_SCALER
from guards.integrity.unpickling.estimators.simple_imputer import SIMPLE_IMPUTER
from guards.integrity.unpickling.estimators.standard_scaler import STANDARD_SCALER
from guards.integrity.unpickling.estimators.target_encoder import TARGET_ENCODER
from guards.integrity.unpickling.estimators.tfidf_transformer import TFIDF_TRANSFORMER
from guards.integrity.unpickling.estimators.tfidf_vectorizer import TFIDF_VECTORIZER
from guards.integrity.unpickling.estimators.truncated_svd import TRUNCATED_SVD
from guards.integrity.unpickling.estimators.variance_threshold import VARIANCE_THRESHOLD

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import Description

__all__ = ["DESCRIPTIONS", "description_of"]

DESCRIPTIONS: dict[str, Description] = {
    description.path: description
    for description in (
        BINARIZER,
        COLUMN_TRANSFORMER,
        COUNT_VECTORIZER,
        FEATURE_UNION,
        FUNCTION_TRANSFORMER,
        HASHING_VECTORIZER,
        KBINS_DISCRETIZER,
        MAKE_COLUMN_SELECTOR,
        MAX_ABS_SCALER,
        MIN_MAX_SCALER,
        MISSING_INDICATOR,
        NORMALIZER,
        ONEHOT_ENCODER,
        ORDINAL_ENCODER,
        PCA,
        PIPELINE,
        POLYNOMIAL_FEATURES,
        POWER_TRANSFORMER,
        QUANTILE_TRANSFORMER,
        ROBUST_SCALER,
        SIMPLE_IMPUTER,
        STANDARD_SCALER,
        TARGET_ENCODER,
        TFIDF_TRANSFORMER,
        TFIDF_VECTORIZER,
        TRUNCATED_SVD,
        VARIANCE_THRESHOLD,
    )
}
"""The description of each class, by ``module.Class``."""


def description_of(estimator: object) -> Description | None:
    """Return the description of an estimator's class; None for a class that has none."""
    kind = type(estimator)
    return DESCRIPTIONS.get(f"{kind.__module__}.{kind.__qualname__}")

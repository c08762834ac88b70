"""What fitting leaves in a ``CountVectorizer``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.description import Description
from guards.integrity.unpickling.estimators.vectorizing import (
    TEXT_PARAMETERS,
    TEXT_RANGE,
    VOCABULARY_FITTED,
    VOCABULARY_PARAMETERS,
    VOCABULARY_VARYING,
    vocabulary_width,
)

__all__ = ["COUNT_VECTORIZER"]

COUNT_VECTORIZER = Description(
    path="sklearn.feature_extraction.text.CountVectorizer",
    parameters={**TEXT_PARAMETERS, **VOCABULARY_PARAMETERS},
    fitted=VOCABULARY_FITTED,
    varying=VOCABULARY_VARYING,
    relations=[TEXT_RANGE],
    width=vocabulary_width,
)

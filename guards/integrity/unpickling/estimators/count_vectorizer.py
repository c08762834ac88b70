"""What fitting leaves in a ``CountVectorizer``."""

from __future__ import annotations

from guards.integrity.unpickling.estimators.description import Description, length_of
from guards.integrity.unpickling.estimators.vectorizing import (
    TEXT_PARAMETERS,
    VOCABULARY_FITTED,
    VOCABULARY_PARAMETERS,
    VOCABULARY_VARYING,
)

__all__ = ["COUNT_VECTORIZER"]

COUNT_VECTORIZER = Description(
    path="sklearn.feature_extraction.text.CountVectorizer",
    parameters={**TEXT_PARAMETERS, **VOCABULARY_PARAMETERS},
    fitted=VOCABULARY_FITTED,
    varying=VOCABULARY_VARYING,
    width=length_of("vocabulary_"),
)

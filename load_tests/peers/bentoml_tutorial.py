"""The classifier of BentoML's tutorial: a transformers pipeline behind a batchable API.

Every model in ``PEER_MODELS`` is called, one after the other; the first one answers. One is the
tutorial's own service, two are how a challenger is often added to it.
"""

from __future__ import annotations

import os

import bentoml
from transformers import pipeline

__all__ = ["Classification"]


@bentoml.service
class Classification:
    """Classifies texts."""

    def __init__(self) -> None:
        self._pipelines = [
            pipeline("text-classification", model=model, trust_remote_code=False)
            for model in os.environ["PEER_MODELS"].split(os.pathsep)
        ]

    @bentoml.api(batchable=True)
    def classify(self, texts: list[str]) -> list[dict[str, str | float]]:
        """Return the label and score of each text."""
        answers = [classifier(texts, truncation=True) for classifier in self._pipelines]
        first: list[dict[str, str | float]] = answers[0]
        return first

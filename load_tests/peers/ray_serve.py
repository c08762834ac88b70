"""Ray Serve with ``@serve.batch``: ``python ray_serve.py PORT``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import ray
from ray import serve
from transformers import pipeline

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Classification"]


class Classification:
    """Classifies texts in batches of what has come."""

    def __init__(self, model: str) -> None:
        self._pipeline = pipeline("text-classification", model=model, trust_remote_code=False)

    @serve.batch
    async def classify(self, texts: list[str]) -> list[dict[str, str | float]]:
        """Return the label and score of each text."""
        answers: list[dict[str, str | float]] = self._pipeline(texts, truncation=True)
        return answers

    async def __call__(self, request: Request) -> dict[str, str | float]:
        """Answer one request."""
        answer: dict[str, str | float] = await self.classify((await request.json())["text"])
        return answer


if __name__ == "__main__":
    ray.init(include_dashboard=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    deployment = serve.deployment(Classification)
    serve.run(deployment.bind(os.environ["PEER_MODELS"]), blocking=True)

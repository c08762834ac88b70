"""The request path: admit, preprocess, champion, answer, observe."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from guards.answer import Answer, Observation
from service.documents import Prediction
from service.errors import NotANumber
from service.observation.input_counts import OTHERS
from service.processors import available_processors
from service.scheduling.scheduler import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding
    from service.documents import Document
    from service.observation.recorder import Recorder
    from service.scheduling.jobs import Inference
    from service.scheduling.scheduler import Scheduler

__all__ = ["Classification"]

_SHORT_CHARACTERS = 4000
"""Texts up to this total are encoded on the event loop, which takes one millisecond, and three at
worst. Handing them to another thread costs half as much as answering a document."""

_PART_CHARACTERS = 50_000
"""A thread encodes a part of a request, of so many characters or of one document, and is then free
for another request: one whose client has left or whose deadline has passed goes no further."""


class Classification:
    """Answers documents with the champion, and records every answer."""

    def __init__(self, champion: Bundle, scheduler: Scheduler, recorder: Recorder) -> None:
        """Classify with this champion through this scheduler."""
        self.champion = champion
        self._model = champion.identity.to_json()
        self._scheduler = scheduler
        self._recorder = recorder
        # Not asyncio's own threads, which status, rechecks and the stop need.
        self._encoders = ThreadPoolExecutor(available_processors(), thread_name_prefix="encoding")

    async def classify(self, documents: Sequence[Document], deadline: float) -> list[Prediction]:
        """Answer validated documents, all or none; ``deadline`` is on ``time.monotonic``.

        Raises ``Overloaded`` before anything is computed, ``DeadlinePassed``, and ``NotANumber``.
        """
        characters = [len(document.text) for document in documents]
        with self._scheduler.admit(characters, deadline) as permit:
            started = time.monotonic()
            encodings = await self._preprocess(documents, sum(characters), deadline)
            preprocess_s = time.monotonic() - started
            inferences = await self._scheduler.run(permit, encodings)
        observations = [
            self._observation(index, inference, preprocess_s)
            for index, inference in enumerate(inferences)
        ]
        predictions = []
        for document, encoding, observation, inference in zip(
            documents, encodings, observations, inferences, strict=True
        ):
            predictions.append(self._prediction(document, encoding, observation.answer))
            self._recorder.answered(document, encoding, observation, inference.embedded)
        return predictions

    def stop(self) -> None:
        """End the threads once they have encoded what they are at; nothing more is classified."""
        self._encoders.shutdown(wait=False, cancel_futures=True)

    def _observation(self, index: int, inference: Inference, preprocess_s: float) -> Observation:
        try:
            answer = Answer.of(inference.probabilities, self.champion.labels)
        except ValueError:
            raise NotANumber(index) from None
        return Observation(
            answer=answer,
            infer_s=inference.infer_s,
            cpu_s=inference.cpu_s,
            queue_s=inference.queue_s,
            preprocess_s=preprocess_s,
            exclusive=inference.exclusive,
        )

    async def _preprocess(
        self, documents: Sequence[Document], characters: int, deadline: float
    ) -> list[Encoding]:
        if characters <= _SHORT_CHARACTERS:
            return self._encode(documents)
        loop = asyncio.get_running_loop()
        encodings = []
        async with until(deadline):
            for part in _parts(documents):
                encodings += await loop.run_in_executor(self._encoders, self._encode, part)
        return encodings

    def _encode(self, documents: Sequence[Document]) -> list[Encoding]:
        texts = [document.text for document in documents]
        rows = [document.row for document in documents]
        return self.champion.preprocessing.encode(texts, rows)

    def _prediction(self, document: Document, encoding: Encoding, answer: Answer) -> Prediction:
        row = document.row
        warnings: list[Mapping[str, str | int]] = [
            *({"code": "unknown_category", "feature": name} for name in row.unknown),
            *({"code": "missing_value", "feature": name} for name in row.missing),
            *({"code": "out_of_range", "feature": name} for name in row.out_of_range),
            *({"code": "extra_feature", "feature": name} for name in row.extra),
        ]
        if row.more_extra:
            warnings.append({"code": "extra_feature", "feature": OTHERS, "count": row.more_extra})
        if not document.text.strip():
            warnings.append({"code": "empty_text", "feature": "text"})
        if encoding.truncated:
            warnings.append({"code": "truncated", "feature": "text"})
        return Prediction(
            request_id=document.request_id,
            answer=answer,
            model=self._model,
            warnings=tuple(warnings),
        )


def _parts(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Split documents, in order, into parts of ``_PART_CHARACTERS`` or of one document."""
    part: list[Document] = []
    characters = 0
    for document in documents:
        if part and characters + len(document.text) > _PART_CHARACTERS:
            yield part
            part, characters = [], 0
        part.append(document)
        characters += len(document.text)
    yield part

"""The request path: admit, preprocess, champion, answer, observe."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from guards.drift.features import Answer
from service.documents import Prediction
from service.scheduling import until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.opening import Bundle
    from artifacts.preprocessing import Encoding
    from service.documents import Document
    from service.observing import Observer
    from service.scheduling import Outcome, Scheduler

__all__ = ["Classification"]

_SHORT_CHARACTERS = 4000
"""Texts of so many in all are encoded on the event loop, in one millisecond, three at the worst:
the way to another thread and back costs as much as half a document."""


class Classification:
    """Answers documents with the champion, and lets the observer see every answer."""

    def __init__(self, champion: Bundle, scheduler: Scheduler, observer: Observer) -> None:
        """Classify with this champion through this scheduler."""
        self.champion = champion
        self._scheduler = scheduler
        self._observer = observer

    async def classify(self, documents: Sequence[Document], deadline: float) -> list[Prediction]:
        """Answer validated documents, all or none; ``deadline`` is on ``time.monotonic``.

        Raises ``Overloaded`` before anything is computed, and ``DeadlinePassed``.
        """
        characters = [len(document.text) for document in documents]
        with self._scheduler.admit(characters, deadline) as permit:
            started = time.monotonic()
            encodings = await self._preprocess(documents, sum(characters), deadline)
            preprocess_s = time.monotonic() - started
            outcomes = await self._scheduler.run(permit, encodings)
        answers = [Answer.of(o.probabilities, self.champion.labels) for o in outcomes]
        predictions = [
            self._prediction(document, encoding, answer)
            for document, encoding, answer in zip(documents, encodings, answers, strict=True)
        ]
        self._observe(documents, encodings, answers, outcomes, preprocess_s)
        return predictions

    async def _preprocess(
        self, documents: Sequence[Document], characters: int, deadline: float
    ) -> list[Encoding]:
        encode = self.champion.preprocessing.encode
        texts = [document.text for document in documents]
        rows = [document.row for document in documents]
        if characters <= _SHORT_CHARACTERS:
            return encode(texts, rows)
        async with until(deadline):
            return await asyncio.to_thread(encode, texts, rows)

    def _prediction(self, document: Document, encoding: Encoding, answer: Answer) -> Prediction:
        row = document.row
        warnings = [
            *({"code": "unknown_category", "feature": name} for name in row.unknown),
            *({"code": "missing_value", "feature": name} for name in row.missing),
            *({"code": "out_of_range", "feature": name} for name in row.out_of_range),
            *({"code": "extra_feature", "feature": name} for name in row.extra),
        ]
        if encoding.truncated:
            warnings.append({"code": "truncated", "feature": "text"})
        return Prediction(
            request_id=document.request_id,
            answer=answer,
            model=self.champion.identity,
            warnings=tuple(warnings),
        )

    def _observe(
        self,
        documents: Sequence[Document],
        encodings: Sequence[Encoding],
        answers: Sequence[Answer],
        outcomes: Sequence[Outcome],
        preprocess_s: float,
    ) -> None:
        for document, encoding, answer, outcome in zip(
            documents, encodings, answers, outcomes, strict=True
        ):
            self._observer.answered(document, encoding, answer, outcome, preprocess_s)

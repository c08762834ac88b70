"""A bundle's answers to documents of the past, with the values that are watched of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artifacts.bundle.inference import collect_probabilities, embedded_passes, probabilities_of
from guards.answer import Answer, Observation
from guards.drift.embedding import EMBEDDING_FEATURES
from guards.drift.features import (
    CHAMPION,
    answer_names,
    answer_values,
    embedding_values,
    input_names,
    input_values,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding
    from guards.json_types import JsonMapping
    from guards.schema import CanonicalRow

__all__ = ["Answered", "answer_documents", "watched_names"]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer; ``values`` are those of ``watched_names`` in its order."""

    encoding: Encoding
    observation: Observation
    values: tuple[float | str, ...]


def watched_names(bundle: Bundle) -> tuple[str, ...]:
    """Return the names of what is watched of a document that a bundle answers."""
    names = input_names(bundle.preprocessing.schema)
    embedding = EMBEDDING_FEATURES if bundle.reference.embedding is not None else ()
    return (*names, *embedding, *answer_names(CHAMPION))


def answer_documents(bundle: Bundle, documents: Sequence[JsonMapping]) -> list[Answered | str]:
    """Answer documents of ``text`` and ``features``, in order, by the network of the bundle.

    In the place of an answer stands, in words, why there is none: a value that does not fit the
    schema, or a probability that is not finite. The time of each answer is its part of that of all.
    """
    schema = bundle.preprocessing.schema
    read = [schema.canonical(document["features"], path="") for document in documents]
    answered: list[Answered | str] = [
        f"{problems[0].path}: {problems[0].problem}" if problems else "" for _, problems in read
    ]
    fitting = [index for index, (_, problems) in enumerate(read) if not problems]
    if not fitting:
        return answered
    texts = [documents[index]["text"] for index in fitting]
    answers = _answers(bundle, texts, [read[index][0] for index in fitting])
    for index, answer in zip(fitting, answers, strict=True):
        answered[index] = answer
    return answered


def _answers(
    bundle: Bundle, texts: Sequence[str], rows: Sequence[CanonicalRow]
) -> Iterator[Answered | str]:
    started = time.perf_counter()
    encodings = bundle.preprocessing.encode(texts, rows)
    preprocess_s = (time.perf_counter() - started) / len(rows)
    started, cpu_started = time.perf_counter(), time.process_time()
    probabilities, embedded = _probabilities(bundle, encodings)
    infer_s = (time.perf_counter() - started) / len(rows)
    cpu_s = (time.process_time() - cpu_started) / len(rows)
    for encoding, of_document, of_text in zip(encodings, probabilities, embedded, strict=True):
        try:
            answer = Answer.of(of_document, bundle.labels)
        except ValueError as error:
            yield str(error)
            continue
        inputs = input_values(
            encoding.row,
            encoding.token_ids,
            unknown_tokens=encoding.unknown_tokens,
            truncated=encoding.truncated,
        )
        # Helper threads of the network may use every core.
        observation = Observation(answer, infer_s, cpu_s, None, preprocess_s, exclusive=True)
        yield Answered(encoding, observation, (*inputs, *of_text, *answer_values(answer)))


def _probabilities(
    bundle: Bundle, encodings: Sequence[Encoding]
) -> tuple[NDArray[np.float32], list[tuple[float | str, ...]]]:
    """Return probabilities, and the watched values of where each text lies, if it is known."""
    temperature, embedding = bundle.manifest.temperature, bundle.reference.embedding
    if embedding is None:
        answers = probabilities_of(bundle.network, temperature, encodings)
        return answers, [()] * len(encodings)
    passes = embedded_passes(bundle.network, encodings)
    answers, states = collect_probabilities(passes, temperature)
    return answers, [embedding_values(each) for each in embedding.documents(states)]

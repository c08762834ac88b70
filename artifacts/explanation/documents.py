"""What each word of each document adds to the logit of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from artifacts.explanation.integrated_gradients import can_integrate, integrated_gradients
from artifacts.explanation.leaving_out import leave_one_word_out
from artifacts.explanation.words import word_places
from artifacts.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from artifacts.bundle.network import Network
    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding
    from artifacts.explanation.answered import Answered
    from artifacts.explanation.words import WordPlaces

__all__ = ["ExplainedDocument", "Method", "explain_documents"]

Method = Literal["integrated_gradients", "leave_one_word_out", "no_words"]


@dataclass(frozen=True, slots=True)
class ExplainedDocument:
    """The index of a document's answer, and what each of its words adds to the logit of it."""

    answer: int
    words: Mapping[str, float]
    method: Method


def explain_documents(bundle: Bundle, answered: Answered) -> list[ExplainedDocument]:
    """Explain each answer by integrated gradients, or where they fail by leaving words out.

    Integrated gradients fail where captum is not installed, and where attributions do not add up.
    Shows progress on standard error.
    """
    places = word_places(bundle.preprocessing, answered.texts)
    integrate = can_integrate()
    explained = []
    with Progress("explaining", len(answered)) as progress:
        for encoding, words, answer in zip(
            answered.encodings, places, answered.answers.tolist(), strict=True
        ):
            explained.append(_explain(bundle.network, encoding, words, answer, integrate=integrate))
            progress.update()
    return explained


def _explain(
    network: Network, encoding: Encoding, places: WordPlaces, answer: int, *, integrate: bool
) -> ExplainedDocument:
    words = places.words
    if not words:
        return ExplainedDocument(answer, {}, "no_words")
    tokens = integrated_gradients(network, encoding, places.is_text, answer) if integrate else None
    if tokens is None:
        falls = leave_one_word_out(network, encoding, words, answer)
        return ExplainedDocument(answer, falls, "leave_one_word_out")
    flat = tokens.ravel()
    sums = {word: float(flat[list(where)].sum()) for word, where in words.items()}
    return ExplainedDocument(answer, sums, "integrated_gradients")

"""Documents with the answers of both variants, and the columns and evidence that they give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from guards.evidence.columns import COMPARED, Categories, PairColumns, VariantColumns
from guards.evidence.label_evidence import LabelEvidence, label_evidence
from guards.evidence.labelled_pairs import LabelledPairs
from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel
from guards.evidence.pair import Missed
from guards.evidence.pair_evidence import PairEvidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOUR_US = 3_600_000_000
START_US = 480_000 * HOUR_US
"""The moment of hour 0."""


@dataclass(frozen=True)
class Doc:
    """What is known of one document; numbers in pairs are the champion's and the challenger's."""

    request_id: str
    champion: str = "a"
    challenger: str = "a"
    hour: float = 0
    segment: str | None = None
    tokens: int = 10
    outcome: str = COMPARED
    comparable: bool = True
    last: bool = True
    confidence: tuple[float, float] = (0.9, 0.8)
    margin: tuple[float, float] = (0.8, 0.6)
    entropy: tuple[float, float] = (0.1, 0.2)
    cpu_s: tuple[float, float] = (0.01, 0.01)
    divergence: float = 0.1


def missed(doc: Doc, reason: Missed = Missed.TIMEOUT) -> Doc:
    """Return the document without an answer of the challenger's."""
    return replace(doc, outcome=reason.value, comparable=False)


def columns(docs: Sequence[Doc]) -> PairColumns:
    """Return one row for each document."""
    at_us = [START_US + round(doc.hour * HOUR_US) for doc in docs]
    return PairColumns(
        request_ids=[doc.request_id for doc in docs],
        observed_at=np.array(at_us, dtype=np.int64),
        last=np.array([doc.last for doc in docs], dtype=bool),
        segments=Categories.of([doc.segment for doc in docs]),
        tokens=np.array([doc.tokens for doc in docs], dtype=np.int64),
        outcomes=Categories.of([doc.outcome for doc in docs]),
        comparable=np.array([doc.comparable for doc in docs], dtype=bool),
        champion=_variant(docs, 0),
        challenger=_variant(docs, 1),
        divergence=_numbers(
            [doc.divergence if doc.outcome == COMPARED else np.nan for doc in docs]
        ),
    )


def pair_evidence(*batches: Sequence[Doc]) -> PairEvidence:
    """Return the evidence without labels of some batches."""
    evidence = PairEvidence()
    for batch in batches:
        evidence.update(columns(batch))
    return evidence


def labelled(
    docs: Sequence[Doc],
    labels: Iterable[TrueLabel],
    *,
    hours: float | None = None,
    ripe_s: float | None = None,
) -> LabelEvidence:
    """Return what these labels say of documents; the logs end after so many hours."""
    known = KnownLabels(labels)
    pairs = LabelledPairs({*known.labels, *known.corrections}, disagreements=True)
    pairs.update(columns(docs))
    end = max(doc.hour for doc in docs) if hours is None else hours
    return label_evidence(pairs, known, START_US + round(end * HOUR_US), ripe_s)


def truth(request_id: str, label: str | None) -> TrueLabel:
    """Return a label that came regardless of the answers."""
    return TrueLabel(request_id, label)


def queued(request_id: str, label: str | None, probability: float, stratum: str = "") -> TrueLabel:
    """Return the label of a document that was drawn."""
    return TrueLabel(request_id, label, LabelSource.QUEUE, stratum, probability)


def correction(request_id: str, label: str) -> TrueLabel:
    """Return the label of a document whose answer somebody disliked."""
    return TrueLabel(request_id, label, LabelSource.CORRECTION)


def contest(
    wins: int, losses: int, agreed: int, name: str = ""
) -> tuple[list[Doc], list[TrueLabel]]:
    """Return labelled documents on which the challenger alone, the champion alone, both are right.

    The truth is always ``a``; documents are named ``NAMEw0``, ``NAMEl0`` and ``NAMEa0`` on.
    """
    docs = [
        *(Doc(f"{name}w{number}", "b", "a") for number in range(wins)),
        *(Doc(f"{name}l{number}", "a", "b") for number in range(losses)),
        *(Doc(f"{name}a{number}") for number in range(agreed)),
    ]
    return docs, [truth(doc.request_id, "a") for doc in docs]


def docs(*, max_size: int = 7, segments: int = 80) -> st.SearchStrategy[list[Doc]]:
    """Generate documents of all kinds, with ids of their own."""
    share = st.floats(0, 1)
    shares = st.tuples(share, share)
    names = st.none() | st.integers(0, segments - 1).map("segment {}".format)
    seconds = st.tuples(*[st.sampled_from([float("nan"), 0.0, 0.01, 0.02, 1.0])] * 2)
    anything = st.builds(
        Doc,
        request_id=st.just(""),
        champion=st.sampled_from("abc"),
        challenger=st.sampled_from("abc"),
        hour=st.integers(0, 40),
        segment=names,
        tokens=st.integers(0, 600),
        confidence=shares,
        margin=shares,
        entropy=shares,
        cpu_s=seconds,
        divergence=share,
    )
    every = anything | anything.map(missed) | anything.map(lambda doc: missed(doc, Missed.ERROR))
    outside = anything.map(lambda doc: replace(doc, comparable=False))
    return st.lists(every | outside, max_size=max_size).map(
        lambda found: [replace(doc, request_id=str(row)) for row, doc in enumerate(found)]
    )


def _variant(docs: Sequence[Doc], which: int) -> VariantColumns:
    answers = [which == 0 or doc.outcome == COMPARED for doc in docs]
    labels = [(doc.champion, doc.challenger)[which] for doc in docs]
    rows = [
        (doc.confidence[which], doc.margin[which], doc.entropy[which], doc.cpu_s[which])
        for doc in docs
    ]
    numbers = _numbers(rows).reshape(-1, 4)
    numbers[~np.array(answers, dtype=bool)] = np.nan
    return VariantColumns(
        Categories.of(
            [label if known else None for label, known in zip(labels, answers, strict=True)]
        ),
        *numbers.T,
    )


def _numbers(values: Sequence[object]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64)

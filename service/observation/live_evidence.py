"""What the outcomes of one challenger say in this run, without labels."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from guards.evidence.columns import COMPARED, Categories, PairColumns, VariantColumns
from guards.evidence.labelled_pairs import LabelledPair
from guards.evidence.pair import Missed, compare
from guards.evidence.pair_evidence import PairEvidence
from guards.evidence.pair_sums import Cell
from guards.evidence.sampling import digests, uniforms
from guards.moments import microseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from guards.answer import Answer, Observation
    from guards.evidence.pair import Outcome
    from service.shadow.interface import PendingComparison

__all__ = ["LiveEvidence", "OutcomeRow"]

_BUFFERED_ROWS = 256
"""Outcomes counted at once: columns of many cost little more than columns of one."""


class AnswerRow(NamedTuple):
    """The numbers of one answer; NaN where there are none, and the label is None where missed."""

    label: str | None
    confidence: float = nan
    margin: float = nan
    entropy: float = nan
    cpu_s: float = nan

    @classmethod
    def of(cls, observation: Observation) -> AnswerRow:
        """Sum an observation up; the processor time of an exclusive pass compares with nothing."""
        answer, cpu_s = observation.answer, observation.cpu_s
        if cpu_s is None or observation.exclusive:
            cpu_s = nan
        return cls(answer.label, answer.confidence, answer.margin, answer.entropy, cpu_s)


class OutcomeRow(NamedTuple):
    """The outcome of a challenger on one document, as one row of ``PairColumns``."""

    request_id: str
    observed_us: int
    last: bool
    segment: str | None
    tokens: int
    outcome: str
    comparable: bool
    champion: AnswerRow
    challenger: AnswerRow
    divergence: float

    @classmethod
    def of(cls, pending: PendingComparison, outcome: Outcome, *, last: bool) -> OutcomeRow:
        """Sum an outcome up; ``last`` says that the document was not answered again since."""
        champion = pending.champion
        if isinstance(outcome, Missed):
            name, comparable, challenger, divergence = outcome.value, False, _MISSED, nan
        else:
            name, comparable = COMPARED, _comparable(champion.answer, outcome.answer)
            challenger = AnswerRow.of(outcome)
            divergence = compare(champion.answer, outcome.answer).js_divergence
        return cls(
            request_id=pending.document.request_id,
            observed_us=microseconds(pending.observed_at),
            last=last,
            segment=pending.document.segment,
            tokens=pending.encoding.tokens,
            outcome=name,
            comparable=comparable,
            champion=AnswerRow.of(champion),
            challenger=challenger,
            divergence=divergence,
        )

    def labelled_pair(self) -> LabelledPair | None:
        """Return both answers as evidence of labels needs them; None where one is missing."""
        if self.challenger.label is None:
            return None
        return LabelledPair(
            request_id=self.request_id,
            observed_us=self.observed_us,
            cell=Cell(self.segment, str(self.champion.label)),
            challenger_label=str(self.challenger.label),
            champion_confidence=self.champion.confidence,
            challenger_confidence=self.challenger.confidence,
            number=float(uniforms(digests([self.request_id]))[0]),
        )


_MISSED = AnswerRow(None)


class LiveEvidence:
    """Counts the outcomes of one challenger; used from one event loop."""

    def __init__(self, guarded: Collection[str] = ()) -> None:
        """Start empty; ``guarded`` segments have figures of their own in any case."""
        self._evidence = PairEvidence(guarded)
        self._buffer: list[OutcomeRow] = []

    def update(self, row: OutcomeRow) -> None:
        """Count an outcome."""
        self._buffer.append(row)
        if len(self._buffer) >= _BUFFERED_ROWS:
            self.fold()

    def fold(self) -> None:
        """Count what is buffered."""
        if self._buffer:
            # What cannot be counted must not be tried again and again.
            rows, self._buffer = self._buffer, []
            self._evidence.update(_columns(rows))

    def get(self) -> PairEvidence:
        """Return a copy of the evidence so far, which goes on counting."""
        self.fold()
        copied = PairEvidence(self._evidence.guarded)
        copied.merge(self._evidence)
        return copied


def _comparable(champion: Answer, challenger: Answer) -> bool:
    """Return whether each variant's label is one that the other has too."""
    return champion.label in challenger.probabilities and challenger.label in champion.probabilities


def _columns(rows: Sequence[OutcomeRow]) -> PairColumns:
    (
        request_ids,
        observed_us,
        last,
        segments,
        tokens,
        outcomes,
        comparable,
        champion,
        challenger,
        divergence,
    ) = zip(*rows, strict=True)
    return PairColumns(
        request_ids=request_ids,
        observed_at=np.array(observed_us, dtype=np.int64),
        last=np.array(last),
        segments=Categories.of(segments),
        tokens=np.array(tokens, dtype=np.int64),
        outcomes=Categories.of(outcomes),
        comparable=np.array(comparable),
        champion=_variant(champion),
        challenger=_variant(challenger),
        divergence=np.array(divergence),
    )


def _variant(answers: Iterable[AnswerRow]) -> VariantColumns:
    label, *numbers = zip(*answers, strict=True)
    return VariantColumns(Categories.of(label), *map(np.array, numbers))

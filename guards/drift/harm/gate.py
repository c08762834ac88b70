"""Whether more answers are wrong than in training: shown, ruled out, or unknown.

The error rate since a start is estimated from the confidence histogram alone, by ``ErrorProxy``.
Each start has a confidence sequence of its own, at its part of the error probability; see
``guards.sequential.starts``. All of them hold at once, so that the expected number of wrong claims
is at most ``HARM_ALPHA`` in 30 days, given a calibration that still holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import log
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.harm.crowding import crowded_documents
from guards.sequential.confidence_sequence import radius
from guards.sequential.error_budget import HARM_ALPHA
from guards.sequential.starts import Starts, alpha_of_start

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from guards.drift.harm.error_proxy import ErrorProxy
    from guards.drift.harm.labelled_error import LabelledErrors
    from guards.sequential.starts import Start

__all__ = ["TOLERANCE", "Harm", "HarmGate", "Judgement", "Severity", "severity_of"]

TOLERANCE = 0.02
"""A rise of the error rate that is no harm."""

_MIN_SCALE = 0.05
"""Confidence sequences need one above 0, also where nearly all held-out rows were right."""

_UNSEEN = 2
"""The last two sums are the number of unseen documents and the sum of their errors."""


class Harm(StrEnum):
    """Whether the error rate has risen by more than ``TOLERANCE``."""

    SHOWN = "shown"
    RULED_OUT = "ruled_out"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """Whom an alarm should reach: someone at once, someone soon, or whoever looks."""

    PAGE = "page"
    ATTENTION = "attention"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one start says about the error rate; ``age_minutes`` is 0 where there is no such start.

    ``error`` is the estimated rate of the documents since the start, at least ``low``; ``high`` is
    an upper bound that counts as answered wrongly each unseen document, and those that crowded
    cells have beyond their shares. ``margin`` is how far the held-out rows may be off about the
    difference to ``reference_error``. By labels alone the rate may be ruled out although ``high``
    is large.
    """

    harm: Harm
    age_minutes: int
    documents: int
    unseen_share: float
    error: float
    low: float
    high: float
    reference_error: float
    margin: float


class HarmGate:
    """Judges one model in one segment from one confidence histogram a minute.

    ``watched`` is the number of gates that share the error probability. ``shares`` are the
    ``cell_shares`` of the inputs; None stands for no cells.
    """

    def __init__(
        self, proxy: ErrorProxy, watched: int = 1, shares: NDArray[np.float64] | None = None
    ) -> None:
        """Begin without any minute."""
        self._proxy = proxy
        self._watched = watched
        self._shares = np.empty(0) if shares is None else shares
        width = proxy.errors.size + len(self._shares) + _UNSEEN
        self._starts = Starts(width, np.float64)

    def push(
        self,
        minute: int,
        histogram: ArrayLike,
        unseen_documents: int = 0,
        unseen_error: float = 0.0,
        cells: ArrayLike | None = None,
    ) -> None:
        """Add documents to a minute; late ones are added to the last minute.

        ``histogram`` is int64 [labels, bins]: all documents, by predicted label and confidence.
        ``unseen_documents`` of them are in cells that the reference hardly filled, and
        ``unseen_error`` is the sum of their ``ErrorProxy.errors``. ``cells`` is int64 [cells]: all
        documents by the cells that have ``shares``.
        """
        counts = np.zeros(len(self._shares)) if cells is None else cells
        unseen = [unseen_documents, unseen_error]
        self._starts.push(minute, np.concatenate([np.ravel(histogram), counts, unseen]))

    def judge(
        self,
        alarm_minutes: int,
        labelled: LabelledErrors | None = None,
        min_inclusion_probability: float = 1.0,
        *,
        residual_drifted: bool = False,
    ) -> Judgement:
        """Judge an alarm about the last ``alarm_minutes``.

        Harm is shown by any start. It is ruled out where two starts do: the youngest one that is
        not younger than the alarm's, and the oldest one that is not older, which no quiet minutes
        before the alarm dilute. Where the residual has drifted the calibration no longer holds, and
        nothing is ruled out but by ``labelled``, of documents since the alarm's start.
        """
        starts = [start for start in self._starts if start.sums[: self._proxy.errors.size].any()]
        judged = list(zip(starts, self._judge_each(starts), strict=True))
        shown = [judgement for _, judgement in judged if judgement.harm is Harm.SHOWN]
        if shown:
            return max(shown, key=lambda judgement: judgement.low - judgement.margin)
        # Of the levels that start with the same minute, the last has the largest part of the error.
        covering = [pair for pair in judged if pair[0].age_minutes >= alarm_minutes]
        within = [pair for pair in judged if pair[0].age_minutes <= alarm_minutes]
        if not covering:
            reference = self._proxy.reference_error
            return Judgement(Harm.UNKNOWN, 0, 0, 0.0, 0.0, 0.0, 1.0, reference, 0.0)
        start, judgement = min(covering, key=lambda pair: (pair[0].age_minutes, -pair[0].level))
        if self._ruled_out_by(labelled, start.level, min_inclusion_probability):
            return replace(judgement, harm=Harm.RULED_OUT)
        undiluted = max(within, key=lambda pair: (pair[0].age_minutes, pair[0].level), default=None)
        if residual_drifted or undiluted is None or undiluted[1].harm is Harm.UNKNOWN:
            return replace(judgement, harm=Harm.UNKNOWN)
        return judgement

    def _ruled_out_by(
        self, labelled: LabelledErrors | None, level: int, min_inclusion_probability: float
    ) -> bool:
        if labelled is None:
            return False
        limit = self._proxy.reference_low + TOLERANCE
        alpha = alpha_of_start(level, HARM_ALPHA, self._watched)
        return labelled.log_e_below(limit, min_inclusion_probability) >= -log(alpha)

    def _judge_each(self, starts: list[Start[np.float64]]) -> list[Judgement]:
        if not starts:
            return []
        reference, errors = self._proxy.reference_error, self._proxy.errors.ravel()
        sums = np.array([start.sums for start in starts])
        alphas = [alpha_of_start(start.level, HARM_ALPHA, self._watched) for start in starts]
        histograms, cells = sums[:, : errors.size], sums[:, errors.size : -_UNSEEN]
        unseen, unseen_error = sums[:, -2], sums[:, -1]
        documents, wrong = histograms.sum(axis=1), histograms @ errors
        crowded = crowded_documents(cells, documents, self._shares)
        squares = histograms @ (errors - reference) ** 2
        lowest = wrong - radius(squares, alphas, max(reference, _MIN_SCALE))
        # No square of an unseen document is left out, so that the sum is at least the true one.
        squares = squares + (unseen + crowded) * (1 - reference) ** 2
        highest = wrong + unseen - unseen_error + crowded
        highest = highest + radius(squares, alphas, max(1 - reference, _MIN_SCALE))
        margins = self._proxy.margins(histograms)
        low, high = np.maximum(lowest / documents, 0), np.minimum(highest / documents, 1)
        return [
            Judgement(
                harm=_harm(low[row] - margins[row], high[row] + margins[row], reference),
                age_minutes=start.age_minutes,
                documents=int(documents[row]),
                unseen_share=float(unseen[row] / documents[row]),
                error=float(wrong[row] / documents[row]),
                low=float(low[row]),
                high=float(high[row]),
                reference_error=reference,
                margin=float(margins[row]),
            )
            for row, start in enumerate(starts)
        ]


def severity_of(harm: Harm) -> Severity:
    """Return whom an alarm with this harm should reach."""
    return _SEVERITIES[harm]


def _harm(low: float, high: float, reference: float) -> Harm:
    if low > reference + TOLERANCE:
        return Harm.SHOWN
    return Harm.RULED_OUT if high < reference + TOLERANCE else Harm.UNKNOWN


_SEVERITIES = {
    Harm.SHOWN: Severity.PAGE,
    Harm.UNKNOWN: Severity.ATTENTION,
    Harm.RULED_OUT: Severity.NOTICE,
}

"""The rate of wrong answers, from documents that were labelled with known probabilities."""

from __future__ import annotations

from dataclasses import dataclass

from guards.sequential.confidence_sequence import log_e_mean

__all__ = ["ErrorsByMinute", "LabelledErrors"]

_MAX_MINUTES = 10_080
"""Minutes with labelled documents that are kept: a week where every minute has some."""


@dataclass(frozen=True, slots=True)
class LabelledErrors:
    """Sums over labelled documents, each weighted by 1 / its inclusion probability.

    ``right`` and ``wrong`` are the sums of weights, and the squares those of squared weights. A
    document that has its label regardless of the answers has probability 1. Corrections must not be
    among them: they come because an answer is wrong.
    """

    right: float = 0.0
    wrong: float = 0.0
    right_squares: float = 0.0
    wrong_squares: float = 0.0

    def __add__(self, other: LabelledErrors) -> LabelledErrors:
        return LabelledErrors(
            self.right + other.right,
            self.wrong + other.wrong,
            self.right_squares + other.right_squares,
            self.wrong_squares + other.wrong_squares,
        )

    @classmethod
    def of(cls, *, right: bool, inclusion_probability: float) -> LabelledErrors:
        """Return the sums of one document."""
        weight = 1 / inclusion_probability
        square = weight**2
        return cls(weight, 0.0, square) if right else cls(0.0, weight, 0.0, square)

    def log_e_below(self, rate: float, min_inclusion_probability: float) -> float:
        """Return the logarithm of an e-value against "answers are wrong at ``rate`` or more".

        Over all documents that could be labelled, (rate - wrong) / probability where a document is
        labelled and 0 where not is at most 0 on average. ``min_inclusion_probability`` is the
        smallest that any document could have had, known beforehand.
        """
        excess = rate * self.right - (1 - rate) * self.wrong
        squares = rate**2 * self.right_squares + (1 - rate) ** 2 * self.wrong_squares
        return float(log_e_mean(excess, squares, (1 - rate) / min_inclusion_probability))


class ErrorsByMinute:
    """Labelled documents by the minute in which they were answered.

    The latest 10,080 minutes that have documents are kept; of what was before a forgotten one,
    nothing is known.
    """

    def __init__(self) -> None:
        """Start without documents."""
        self._minutes: dict[int, LabelledErrors] = {}
        self._known_since: int | None = None

    def add(self, minute: int, errors: LabelledErrors) -> None:
        """Add documents to a minute, and forget those of minutes that are too old."""
        self._minutes[minute] = self._minutes.get(minute, LabelledErrors()) + errors
        if len(self._minutes) > _MAX_MINUTES:
            oldest = min(self._minutes)
            del self._minutes[oldest]
            self._known_since = max(self._known_since or 0, oldest + 1)

    def since(self, minute: int) -> LabelledErrors | None:
        """Return the sums over the documents of this minute and of later ones, where known."""
        if self._known_since is not None and minute < self._known_since:
            return None
        later = (errors for at, errors in self._minutes.items() if at >= minute)
        return sum(later, LabelledErrors())

"""Admission control: how much work, in tokens, is admitted, and how long it will take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.errors import DeadlinePassed, Overloaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.bundle.preprocessing import Encoding

__all__ = ["AdmissionController", "AdmissionLimits", "Permit"]

_MEMORY = 0.95
"""Each sample of an estimate counts this much of what the next newer one counts."""

_MAX_RISE = 4.0
"""A pass counts as at most so many times its estimate, since the machine may have slept."""

_MARGIN = 1.25
"""The estimated time is multiplied by this factor, since estimates err."""


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """The maxima: documents at a time, passes at a time, tokens of one document."""

    documents: int
    lanes: int
    document_tokens: int


@dataclass(slots=True, eq=False)
class Permit:
    """The capacity reserved for one request, until ``deadline`` on ``time.monotonic``.

    ``characters`` is the length of each document. ``tokens`` is the sum over documents that are not
    answered, an estimate until they are encoded. ``left`` is true once the caller does not wait any
    more.
    """

    characters: Sequence[int]
    tokens: int
    deadline: float
    left: bool = False


class AdmissionController:
    """Counts admitted work, and learns how long it takes; used from one thread.

    A request that finds a lane free is admitted whatever the estimate. So there is always a pass to
    learn from, and a wrong estimate cannot refuse all requests for good.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        """Start without work and without estimates."""
        self._limits = limits
        self._tokens_a_character = _Ratio()
        self._seconds_a_token = _Ratio()
        self._tokens = 0
        self._last_deadline = 0.0
        self.documents = 0

    def check(self, characters: Sequence[int], deadline: float, now: float) -> int:
        """Return the estimated tokens of documents of so many characters.

        Raises ``DeadlinePassed``, and ``Overloaded`` where capacity or time does not suffice.
        """
        if deadline <= now:
            raise DeadlinePassed
        tokens = sum(map(self._estimate_tokens, characters))
        if not self._has_room(len(characters), tokens, deadline - now):
            raise Overloaded(self._retry_after_s(now))
        return tokens

    def admit(self, characters: Sequence[int], deadline: float, now: float) -> Permit:
        """Reserve capacity for documents of so many characters; raises what ``check`` raises."""
        tokens = self.check(characters, deadline, now)
        self._last_deadline = max(self._last_deadline, deadline)
        self.documents += len(characters)
        self._tokens += tokens
        return Permit(characters, tokens, deadline)

    def encoded(self, permit: Permit, encodings: Sequence[Encoding]) -> None:
        """Replace the estimate by the true tokens, and learn from them."""
        tokens = sum(encoding.tokens for encoding in encodings)
        self._tokens += tokens - permit.tokens
        permit.tokens = tokens
        for characters, encoding in zip(permit.characters, encodings, strict=True):
            if not encoding.truncated:
                self._tokens_a_character.update(encoding.tokens, characters)

    def answered(self, permit: Permit, tokens: int) -> None:
        """Subtract the tokens of one document from the work that is left."""
        if not permit.left:
            permit.tokens -= tokens
            self._tokens -= tokens

    def leave(self, permit: Permit) -> None:
        """Release the capacity of a request, answered or not."""
        permit.left = True
        self.documents -= len(permit.characters)
        self._tokens -= permit.tokens

    def learn(self, tokens: int, took_s: float, *, exclusive: bool) -> None:
        """Learn from one pass how long a token takes one lane.

        An exclusive pass may have used all cores, so its duration t only bounds the single-core
        time: t ≤ single ≤ t · lanes.
        """
        expected_s = self._seconds_a_token.value * tokens
        if exclusive:
            took_s = min(max(expected_s, took_s), took_s * self._limits.lanes)
        if expected_s:
            took_s = min(took_s, expected_s * _MAX_RISE)
        self._seconds_a_token.update(took_s, tokens)

    def is_late(self, permit: Permit, tokens: int, now: float) -> bool:
        """Return whether a request misses its deadline even if this document starts now.

        May be called from any thread.
        """
        needed_s = max(self._seconds_a_token.value * tokens, self._shared_s(permit.tokens))
        return now + needed_s > permit.deadline

    def _has_room(self, documents: int, tokens: int, left_s: float) -> bool:
        if self.documents + documents > self._limits.documents:
            return False
        if self.documents < self._limits.lanes:
            return True
        return self._shared_s(self._tokens + tokens) * _MARGIN <= left_s

    def _retry_after_s(self, now: float) -> int:
        # After the last deadline no document waits, answered or not.
        wait_s = min(self._shared_s(self._tokens), self._last_deadline - now)
        return max(1, math.ceil(wait_s))

    def _shared_s(self, tokens: int) -> float:
        return self._seconds_a_token.value * tokens / self._limits.lanes

    def _estimate_tokens(self, characters: int) -> int:
        tokens = math.ceil(self._tokens_a_character.value * characters)
        return min(tokens, self._limits.document_tokens)


class _Ratio:
    """The ratio of two exponentially weighted sums; 0 before the first update."""

    def __init__(self) -> None:
        self._above = 0.0
        self._below = 0.0
        self.value = 0.0

    def update(self, above: float, below: float) -> None:
        self._above = self._above * _MEMORY + above
        self._below = self._below * _MEMORY + below
        self.value = self._above / self._below if self._below else 0.0

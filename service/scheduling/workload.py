"""How much work is admitted, in tokens, how long it takes, and whether more of it can be done."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.errors import DeadlinePassed, Overloaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.preprocessing import Encoding

__all__ = ["Limits", "Permit", "Workload"]

_MEMORY = 0.95
"""What is left of one pass or document in an estimate when the next has come."""

_MOST_RISE = 4.0
"""A pass counts as at most so many times what was expected of it: the machine may have slept."""

_MARGIN = 1.25
"""Who would be answered in the last fifth of the time is not admitted: estimates err."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What can be done at once: documents held, passes side by side, tokens of one document."""

    documents: int
    lanes: int
    document_tokens: int


@dataclass(slots=True, eq=False)
class Permit:
    """The places of one request, until ``deadline`` on ``time.monotonic``.

    ``characters`` are those of each document; ``tokens`` all that are not answered yet, a guess
    until the documents are encoded. ``left`` says that nobody waits for them any more.
    """

    characters: Sequence[int]
    tokens: int
    deadline: float
    left: bool = False


class Workload:
    """Counts what is admitted, and learns how long it takes; used from one thread.

    Whoever finds a lane free is admitted, whatever the estimate says. So there is always a pass to
    learn from while anybody asks, and a wrong estimate never locks the door for good.
    """

    def __init__(self, limits: Limits) -> None:
        """Begin without work, and without knowing how long any takes."""
        self._limits = limits
        self._tokens_a_character = _Ratio()
        self._seconds_a_token = _Ratio()
        self._tokens = 0
        self._last_deadline = 0.0
        self.documents = 0

    def check(self, characters: Sequence[int], deadline: float, now: float) -> int:
        """Guess the tokens of documents of so many characters.

        Raises ``DeadlinePassed``, and ``Overloaded`` where there is no place or no time for them.
        """
        if deadline <= now:
            raise DeadlinePassed
        tokens = sum(map(self._guess_tokens, characters))
        if not self._has_room(len(characters), tokens, deadline - now):
            raise Overloaded(self._retry_after_s(now))
        return tokens

    def admit(self, characters: Sequence[int], deadline: float, now: float) -> Permit:
        """Hold places for documents of so many characters; raises what ``check`` raises."""
        tokens = self.check(characters, deadline, now)
        self._last_deadline = max(self._last_deadline, deadline)
        self.documents += len(characters)
        self._tokens += tokens
        return Permit(characters, tokens, deadline)

    def encoded(self, permit: Permit, encodings: Sequence[Encoding]) -> None:
        """Put the tokens in the place of the guess, and learn from the difference."""
        tokens = sum(encoding.tokens for encoding in encodings)
        self._tokens += tokens - permit.tokens
        permit.tokens = tokens
        for characters, encoding in zip(permit.characters, encodings, strict=True):
            if not encoding.truncated:
                self._tokens_a_character.update(encoding.tokens, characters)

    def answered(self, permit: Permit, tokens: int) -> None:
        """Take one document's tokens off what is left to do."""
        if not permit.left:
            permit.tokens -= tokens
            self._tokens -= tokens

    def leave(self, permit: Permit) -> None:
        """Give the places back, answered or not."""
        permit.left = True
        self.documents -= len(permit.characters)
        self._tokens -= permit.tokens

    def learn(self, tokens: int, took_s: float, *, alone: bool) -> None:
        """Learn from one pass how long a token takes one lane.

        A pass alone may have had every processor. It tells only that its work takes one lane as
        long at least, and as many times longer at most as there are lanes.
        """
        expected_s = self._seconds_a_token.value * tokens
        if alone:
            took_s = min(max(expected_s, took_s), took_s * self._limits.lanes)
        if expected_s:
            took_s = min(took_s, expected_s * _MOST_RISE)
        self._seconds_a_token.update(took_s, tokens)

    def is_late(self, permit: Permit, tokens: int, now: float) -> bool:
        """Tell whether a request can be answered in time, were this document started now.

        May be asked from any thread.
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
        # At its deadline what waits is gone, answered or not.
        wait_s = min(self._shared_s(self._tokens), self._last_deadline - now)
        return max(1, math.ceil(wait_s))

    def _shared_s(self, tokens: int) -> float:
        return self._seconds_a_token.value * tokens / self._limits.lanes

    def _guess_tokens(self, characters: int) -> int:
        guess = math.ceil(self._tokens_a_character.value * characters)
        return min(guess, self._limits.document_tokens)


class _Ratio:
    """The ratio of two sums that forget, so that large parts count for more; 0 without any."""

    def __init__(self) -> None:
        self._above = 0.0
        self._below = 0.0
        self.value = 0.0

    def update(self, above: float, below: float) -> None:
        self._above = self._above * _MEMORY + above
        self._below = self._below * _MEMORY + below
        self.value = self._above / self._below if self._below else 0.0

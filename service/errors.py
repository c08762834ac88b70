"""Why a request is not answered with predictions; nothing here knows HTTP.

RequestError
├── Malformed            not JSON, or a parameter that cannot be read
├── NotFound             there is nothing of that name
├── InvalidDocuments     does not fit the bundle's schema
├── UnsupportedEncoding  a body that is neither plain nor gzip
├── TooLarge             body, text, or number of documents over the limit
├── BodyTimeout          a body that did not arrive in time
├── Unauthenticated      no valid key
├── Forbidden            a key without that scope
├── Overloaded           the queue is full, or the deadline could not be met
├── NotANumber           the champion's probabilities are not finite
├── Unavailable          starting, draining or refused
└── DeadlinePassed       no answer before the deadline
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.errors import UnderstudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.schema import Problem

__all__ = [
    "MAX_PROBLEMS",
    "BodyTimeout",
    "DeadlinePassed",
    "Forbidden",
    "InvalidDocuments",
    "Malformed",
    "NotANumber",
    "NotFound",
    "Overloaded",
    "RequestError",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedEncoding",
]

MAX_PROBLEMS = 1000
"""As many problems of one request are listed; looking for more would keep others waiting."""


class RequestError(UnderstudyError):
    """A request that is not answered with predictions."""


class Malformed(RequestError):
    """The body is not JSON, or a parameter says too little."""


class NotFound(RequestError):
    """What the request asks for does not exist."""


class InvalidDocuments(RequestError):
    """The body does not fit the bundle's schema; ``problems`` lists ``MAX_PROBLEMS`` at most."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems; none of them quotes the user."""
        self.problems = tuple(problems[:MAX_PROBLEMS])
        count = len(self.problems)
        found = f"{count} or more" if count == MAX_PROBLEMS else f"{count}"
        super().__init__(f"{found} problem{'s' * (count != 1)} with the request, listed in details")


class BodyTimeout(RequestError):
    """The body did not arrive in time."""


class UnsupportedEncoding(RequestError):
    """The body is neither plain nor gzip."""


class TooLarge(RequestError):
    """The body, a text or the number of documents is over its limit."""


class Unauthenticated(RequestError):
    """No valid key came with the request."""


class Forbidden(RequestError):
    """The key is valid but lacks the scope."""


class Overloaded(RequestError):
    """More work is queued than can be done in time; nothing was computed."""

    def __init__(self, retry_after_s: int) -> None:
        """Keep after how many seconds to try again."""
        self.retry_after_s = retry_after_s
        super().__init__(f"too much work is queued; try again in {retry_after_s} s")


class NotANumber(RequestError):
    """A probability that the champion answers with is NaN: its network overflows."""

    def __init__(self, index: int) -> None:
        """Say which document of the request has no answer."""
        super().__init__(f"the champion's answer to documents[{index}] is not a number")


class Unavailable(RequestError):
    """The service is starting or draining, or its champion was refused."""


class DeadlinePassed(RequestError):
    """There was no answer before the deadline; what was not computed by then never is."""

    def __init__(self) -> None:
        """Use the only message there is."""
        super().__init__("there was no answer before the deadline")

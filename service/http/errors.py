"""The one table from errors to HTTP, and the one body that all of them have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.errors import (
    BodyTimeout,
    DeadlinePassed,
    Forbidden,
    InvalidDocuments,
    Malformed,
    NotANumber,
    NotFound,
    Overloaded,
    RequestError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedEncoding,
)
from service.http.encodings import ACCEPTED
from service.http.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.json_types import JsonObject
    from guards.schema import Problem

__all__ = ["STATUS", "error_response", "plain_error"]

STATUS: Mapping[type[RequestError], tuple[int, str]] = {
    Malformed: (400, "malformed"),
    NotFound: (404, "not_found"),
    InvalidDocuments: (422, "invalid_documents"),
    Unauthenticated: (401, "unauthenticated"),
    Forbidden: (403, "forbidden"),
    BodyTimeout: (408, "body_timeout"),
    TooLarge: (413, "too_large"),
    UnsupportedEncoding: (415, "unsupported_encoding"),
    Overloaded: (429, "overloaded"),
    NotANumber: (500, "answer_not_finite"),
    Unavailable: (503, "unavailable"),
    DeadlinePassed: (504, "deadline_passed"),
}
"""Status and stable code of every error of a request."""


def error_response(error: RequestError) -> JSONResponse:
    """Return the answer to a failed request; nothing in it quotes the user."""
    status, code = STATUS[type(error)]
    headers = {}
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, UnsupportedEncoding):
        headers["Accept-Encoding"] = ACCEPTED
    if isinstance(error, BodyTimeout | TooLarge | Unavailable):
        # The body may be unread, or the process about to stop: the connection cannot be reused.
        headers["Connection"] = "close"
    problems = error.problems if isinstance(error, InvalidDocuments) else ()
    return plain_error(status, code, str(error), problems, headers)


def plain_error(
    status: int,
    code: str,
    message: str,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a response with the body that every error has."""
    details = [{"path": problem.path, "problem": problem.problem} for problem in problems]
    body: JsonObject = {"error": {"code": code, "message": message, "details": details}}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))

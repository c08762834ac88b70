"""One table from errors to HTTP, and one shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from guards.schema import Problem
from service.errors import (
    MAX_PROBLEMS,
    BodyTimeout,
    DeadlinePassed,
    Forbidden,
    InvalidDocuments,
    Malformed,
    NotANumber,
    Overloaded,
    RequestError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedEncoding,
)
from service.http.errors import STATUS, error_response

if TYPE_CHECKING:
    from guards.json_types import JsonObject

PROBLEM = Problem("documents[0].features.pages", "is not a finite number")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Malformed("the body is not JSON"), 400, "malformed"),
        (InvalidDocuments([PROBLEM]), 422, "invalid_documents"),
        (Unauthenticated("send a key"), 401, "unauthenticated"),
        (Forbidden("not with this key"), 403, "forbidden"),
        (BodyTimeout("too slow"), 408, "body_timeout"),
        (TooLarge("too large"), 413, "too_large"),
        (UnsupportedEncoding("is br"), 415, "unsupported_encoding"),
        (Overloaded(3), 429, "overloaded"),
        (NotANumber(3), 500, "answer_not_finite"),
        (Unavailable("starting"), 503, "unavailable"),
        (DeadlinePassed(), 504, "deadline_passed"),
    ],
)
def test_each_error_has_its_status_and_code(error: RequestError, status: int, code: str) -> None:
    """The body has the shape of the contract, with a sentence of ours."""
    response = error_response(error)
    body: JsonObject = json.loads(bytes(response.body))
    assert response.status_code == status
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert (body["error"]["code"], body["error"]["message"]) == (code, str(error))


def test_every_error_that_a_request_can_meet_is_in_the_table() -> None:
    """A new error without a status would be a 500."""
    assert set(STATUS) == set(RequestError.__subclasses__())


def test_problems_are_details() -> None:
    """Each problem comes with its path."""
    body = json.loads(bytes(error_response(InvalidDocuments([PROBLEM, PROBLEM])).body))
    assert body["error"]["details"] == [{"path": PROBLEM.path, "problem": PROBLEM.problem}] * 2
    assert body["error"]["message"].startswith("2 problems ")


def test_no_more_than_a_thousand_problems_are_listed() -> None:
    """The message says that there may be more."""
    error = json.loads(bytes(error_response(InvalidDocuments([PROBLEM] * 5000)).body))["error"]
    assert len(error["details"]) == MAX_PROBLEMS == 1000
    assert error["message"] == "1000 or more problems with the request, listed in details"


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (Overloaded(3), "retry-after", "3"),
        (Unauthenticated("send a key"), "www-authenticate", "Bearer"),
        (TooLarge("too large"), "connection", "close"),
        (UnsupportedEncoding("is br"), "accept-encoding", "gzip"),
        (BodyTimeout("too slow"), "connection", "close"),
        (Unavailable("draining"), "connection", "close"),
    ],
)
def test_headers_that_go_with_an_error(error: RequestError, header: str, value: str) -> None:
    """When to come back, how to authenticate or encode, and that the connection ends."""
    assert error_response(error).headers[header] == value

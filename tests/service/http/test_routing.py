"""Routes match whole paths, with and without parameters, and nothing that only looks like one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from service.http.routing import DirectApp, ExactRoute

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message

SIBLINGS = (
    *("/things\n", "/things\r", "/things\r\n", "/things/", "//things", "/things;x", "/THINGS"),
    *("/v1/../things", "/./things", "/things ", "/things\x00", "/things%0A", "things", "/", ""),
)


async def _list(_: Request) -> PlainTextResponse:
    return PlainTextResponse("all things")


async def _show(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"thing {request.path_params['name']}")


async def _not_routed(_: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse(str(error), status_code=getattr(error, "status_code", 500))


@pytest.fixture
def app() -> DirectApp:
    """Return an app with a route of each kind."""
    return DirectApp(
        [ExactRoute("/things", _list), ExactRoute("/things/{name}", _show)], _not_routed
    )


def ask(
    app: ASGIApp, path: str, method: str = "GET", root_path: str = "", kind: str = "http"
) -> list[Message]:
    """Call an app as a server would, with a path that no client has tidied; return what it sent."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "root_path": root_path,
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # a coroutine of any kind
    return sent


def answer(sent: list[Message]) -> tuple[int, bytes]:
    """Return status and body of an answer."""
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_route_answers_its_own_path(app: DirectApp, method: str) -> None:
    """HEAD goes with GET."""
    assert answer(ask(app, "/things", method)) == (200, b"all things")


@pytest.mark.parametrize("path", SIBLINGS)
def test_a_path_that_only_looks_alike_matches_nothing(app: DirectApp, path: str) -> None:
    """A final newline, another case, or a slash more: each is another path."""
    assert answer(ask(app, path))[0] == 404


def test_a_route_with_a_parameter_gets_its_value(app: DirectApp) -> None:
    """What the path has in the parameter's place, and never the pattern itself unfilled."""
    assert answer(ask(app, "/things/a-17")) == (200, b"thing a-17")
    assert answer(ask(app, "/things/{name}")) == (200, b"thing {name}")
    assert answer(ask(app, "/things/a/b"))[0] == 404


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE", "get"])
def test_another_method_is_not_routed(app: DirectApp, method: str) -> None:
    """The path is known, and the method is not."""
    assert answer(ask(app, "/things", method))[0] == 405


def test_routes_are_found_below_a_prefix(app: DirectApp) -> None:
    """Mounted elsewhere, or behind a proxy that says where: the same paths and no others."""
    mounted = Starlette(routes=[Mount("/prefix", app)])
    assert answer(ask(mounted, "/prefix/things")) == (200, b"all things")
    assert answer(ask(app, "/prefix/things", root_path="/prefix")) == (200, b"all things")
    assert answer(ask(mounted, "/prefix/things\n"))[0] == 404
    assert answer(ask(app, "/prefix/things\n", root_path="/prefix"))[0] == 404


def test_a_websocket_is_closed(app: DirectApp) -> None:
    """There are none, at any path."""
    (closed,) = ask(app, "/things", kind="websocket")
    assert closed["type"] == "websocket.close"

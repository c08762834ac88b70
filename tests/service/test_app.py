"""The front door: our own routes are ours from the first line, and BentoML's stay BentoML's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from service.app import FrontDoor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send


class Around:
    """Notes which requests come by, as a tracer or a timer around every request would."""

    def __init__(self, app: ASGIApp, seen: list[str]) -> None:
        """Stand around ``app``."""
        self._app, self._seen = app, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the path of a request, and hand it on."""
        if scope["type"] == "http":
            self._seen.append(scope["path"])
        await self._app(scope, receive, send)


async def alive(_: Request) -> PlainTextResponse:
    """Answer for the framework."""
    return PlainTextResponse("the framework")


@pytest.fixture
def seen() -> list[str]:
    """Give the paths that came by the framework's middleware."""
    return []


@pytest.fixture
def client(seen: list[str]) -> Iterator[TestClient]:
    """Run an app with the door where BentoML lets it be put: behind middleware of its own."""
    app = Starlette(
        routes=[Route("/livez", alive), Route("/", alive)],
        middleware=[Middleware(Around, seen=seen), Middleware(FrontDoor)],
    )
    for _ in range(2):
        # An app may live more than once.
        with TestClient(app) as client:
            client.get("/livez")
    seen.clear()
    with TestClient(app) as client:
        yield client


def test_our_routes_are_taken_before_anything_else(client: TestClient, seen: list[str]) -> None:
    """The page is ours, though the framework has one too, and its middleware never hears of it."""
    assert "<html" in client.get("/").text
    assert seen == []


@pytest.mark.parametrize(("path", "status"), [("/livez", 200), ("/nowhere", 404)])
def test_all_other_routes_are_the_frameworks(
    client: TestClient, seen: list[str], path: str, status: int
) -> None:
    """Health checks, and what nobody knows, are answered as if there were no door."""
    assert client.get(path).status_code == status
    assert seen == [path]

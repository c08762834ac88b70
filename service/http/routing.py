"""Matching requests to routes: by the whole path, and at once where it has no parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    Endpoint = Callable[[Request], Awaitable[Response]]
    NotRouted = Callable[[Request, Exception], Awaitable[Response]]

__all__ = ["DirectApp", "ExactRoute"]


class ExactRoute(Route):
    """A route that matches whole paths only.

    The pattern that Starlette compiles ends in ``$``, which also matches before a final newline:
    it would treat ``/classify%0A`` as ``/classify``.
    """

    def __init__(self, path: str, endpoint: Endpoint, method: str = "GET") -> None:
        """Answer ``method`` (and HEAD with GET) at ``path`` with ``endpoint``."""
        super().__init__(path, endpoint, methods=[method])
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")


class DirectApp(Starlette):
    """An app that takes a request for one of its paths straight to the endpoint.

    Starlette's routing costs thirty calls, as many as all of our validation. Everything else goes
    through it: routes with parameters, a path prefix, other methods, and unknown paths. Where it
    raises ``HTTPException``, ``not_routed`` makes the answer.
    """

    def __init__(self, routes: Sequence[ExactRoute], not_routed: NotRouted) -> None:
        """Serve these routes."""
        super().__init__(routes=routes, exception_handlers={HTTPException: not_routed})
        self.router.redirect_slashes = False
        self.endpoints: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint
            for route in routes
            if not route.param_convertors
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        http = scope["type"] == "http"
        endpoint = self.endpoints.get((scope["method"], scope["path"])) if http else None
        if endpoint is None:
            await super().__call__(scope, receive, send)
            return
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

"""A mounted route that does nothing but answer, served as Understudy is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bentoml
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Empty"]

_ANSWER = b'{"predictions":[]}'


async def _answer(request: Request) -> Response:
    await request.body()
    return Response(_ANSWER, media_type="application/json")


@bentoml.service(workers=1, metrics={"enabled": False}, logging={"access": {"enabled": False}})
@bentoml.asgi_app(Starlette(routes=[Route("/v1/classify", _answer, methods=["POST"])]), path="/")
class Empty:
    """Answers the same to every request."""

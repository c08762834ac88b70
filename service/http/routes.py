"""The routes, each a few lines between the wire and the request path."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.dashboard import page
from service.errors import Malformed, RequestError
from service.http.bodies import read_json
from service.http.errors import error_response, plain_error
from service.http.openapi import openapi
from service.http.schemas import Limits, check_limits, parse_documents, parse_labels
from service.status import status_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from starlette.types import Receive, Scope, Send

    from service.documents import Prediction
    from service.http.access import Access
    from service.runtime import Runtime

    Handler = Callable[[Request], Awaitable[Response]]

__all__ = ["DEADLINE_HEADER", "NATIVE_PATH", "Serving", "make_app"]

NATIVE_PATH = "/classify"
DEADLINE_HEADER = "understudy-deadline-ms"

_UNWATCHED_S = 0.25
"""How long a request is answered before anybody looks whether its client is still there."""

_CLIENT_GONE = 499
_METHOD_NOT_ALLOWED = 405
_logger = logging.getLogger("bentoml.understudy")

_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:"
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Serving:
    """What the routes stand on: the worker's runtime, and who may call what."""

    runtime: Runtime
    access: Access

    @property
    def limits(self) -> Limits:
        """The most that one request may hold."""
        settings = self.runtime.settings
        return Limits(settings.max_documents, settings.max_text_chars)


def make_app(serving: Callable[[], Serving]) -> Starlette:
    """Build the web app; ``serving`` is asked at each request, once the worker has begun."""
    here = _Routes(serving)
    routes = [
        Route("/v1/classify", here.counted(here.classify), methods=["POST"]),
        Route(NATIVE_PATH, here.counted(here.classify_native), methods=["POST"]),
        Route("/v1/feedback", here.counted(here.feedback), methods=["POST"]),
        Route("/v1/status", here.counted(here.status)),
        Route("/v1/openapi.json", here.counted(here.describe)),
        Route("/metrics", here.counted(here.metrics)),
        Route("/", here.dashboard),
    ]
    app = _Straight(routes=routes, exception_handlers={HTTPException: _not_routed})
    app.router.redirect_slashes = False
    return app


class _Straight(Starlette):
    """An app that leads a request for one of its paths straight to the handler.

    Starlette's own way there is thirty calls long, as many as all of our validation.
    """

    def __init__(self, routes: Sequence[Route], **options: Any) -> None:  # noqa: ANN401 (Starlette's)
        super().__init__(routes=routes, **options)
        self._handlers: dict[tuple[str, str], Handler] = {
            (method, route.path): route.endpoint
            for route in routes
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = scope["type"] == "http"
        handler = self._handlers.get((scope["method"], scope["path"])) if http else None
        if handler is None:
            await super().__call__(scope, receive, send)
            return
        response = await handler(Request(scope, receive, send))
        await response(scope, receive, send)


class _Routes:
    """The handlers, one a route."""

    def __init__(self, serving: Callable[[], Serving]) -> None:
        self._serving = serving

    async def classify(self, request: Request) -> Response:
        predictions = await _classify(request, self._serving())
        return JSONResponse({"predictions": [p.to_json() for p in predictions]})

    async def classify_native(self, request: Request) -> Response:
        return JSONResponse([p.to_json() for p in await _classify(request, self._serving())])

    async def feedback(self, request: Request) -> Response:
        serving = self._serving()
        serving.access.check(request.headers, "feedback")
        schema = serving.runtime.schema
        body = await read_json(request, serving.runtime.settings.max_body_bytes)
        accepted, rejected = parse_labels(body, schema.labels)
        serving.runtime.feedback((label.request_id, label.label) for label in accepted)
        problems = [{"path": p.path, "problem": p.problem} for p in rejected]
        return JSONResponse(
            {"accepted": len(accepted), "rejected": len(problems), "problems": problems},
            status_code=202,
        )

    async def status(self, request: Request) -> Response:
        self._serving().access.check(request.headers, "operate")
        return JSONResponse(status_of(self._serving().runtime))

    async def metrics(self, request: Request) -> Response:
        self._serving().access.check(request.headers, "operate")
        body, media_type = self._serving().runtime.metrics.render()
        return Response(body, media_type=media_type)

    async def describe(self, _: Request) -> Response:
        runtime = self._serving().runtime
        return JSONResponse(openapi(runtime.schema if runtime.ready else None))

    async def dashboard(self, _: Request) -> Response:
        headers = {"Content-Security-Policy": _PAGE_POLICY}
        return Response(page(), media_type="text/html; charset=utf-8", headers=headers)

    def counted(self, handler: Handler) -> Handler:
        """Answer errors from the one table, and count and time every answer."""

        async def handle(request: Request) -> Response:
            started = time.monotonic()
            response = await _answer(handler, request)
            metrics = self._serving().runtime.metrics
            metrics.requests.inc(str(response.status_code))
            metrics.request_seconds.observe(time.monotonic() - started)
            return response

        return handle


async def _answer(handler: Handler, request: Request) -> Response:
    try:
        return await handler(request)
    except RequestError as error:
        return error_response(error)
    except ClientDisconnect:
        # Nobody is left to read it; the status is for the metrics.
        return Response(status_code=_CLIENT_GONE)
    except Exception as error:  # noqa: BLE001 (the last line of defence: the worker goes on)
        # The operator learns where; the error's own words may quote the user.
        where = "".join(traceback.format_tb(error.__traceback__))
        _logger.error("a request failed with %s\n%s", type(error).__name__, where)  # noqa: TRY400
        return plain_error(500, "internal", "the service failed; its operator can see why")


def _not_routed(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 (what it is registered for)
    if error.status_code == _METHOD_NOT_ALLOWED:
        message = "use another method"
        return plain_error(405, "method_not_allowed", message, headers=error.headers)
    return plain_error(404, "not_found", "there is nothing at this path")


async def _classify(request: Request, serving: Serving) -> list[Prediction]:
    serving.access.check(request.headers, "classify")
    runtime = serving.runtime
    schema = runtime.schema
    deadline = time.monotonic() + _allowed_s(request, runtime.settings.deadline_s)
    body = await read_json(request, runtime.settings.max_body_bytes)
    # Whoever cannot be answered in time costs as little as they can.
    runtime.check_room(check_limits(body, schema, serving.limits), deadline)
    documents = parse_documents(body, schema)
    return await _while_connected(request, runtime.classify(documents, deadline))


async def _while_connected(request: Request, answering: Coroutine[object, object, T]) -> T:
    """Await an answer; cancel the work and raise ``ClientDisconnect`` when the client leaves."""
    watch = _Watch(request)
    try:
        return await answering
    except asyncio.CancelledError:
        if watch.was_the_only_cause():
            raise ClientDisconnect from None
        raise
    finally:
        watch.end()


class _Watch:
    """Cancels the current task when its client leaves.

    It begins after a while: most answers are there by then, and cost no second task.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._task = asyncio.current_task()
        self._left = False
        self._watching: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_UNWATCHED_S, self._begin)

    def was_the_only_cause(self) -> bool:
        """Tell whether the task was cancelled by this watch and by nobody else."""
        return self._left and self._task is not None and self._task.uncancel() == 0

    def end(self) -> None:
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._left = True
        if self._task is not None:
            self._task.cancel()


def _allowed_s(request: Request, most_s: float) -> float:
    text = request.headers.get(DEADLINE_HEADER)
    if text is None:
        return most_s
    if not (text.isascii() and text.isdecimal()):
        message = "Understudy-Deadline-Ms is not a whole number of milliseconds"
        raise Malformed(message)
    return min(most_s, float(text) / 1000)

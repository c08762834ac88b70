"""The HTTP interface: each operation declared once, and a few lines from there to the request path.

A new route is a line in ``OPERATIONS`` and a handler. Its key is checked before the handler runs,
and the OpenAPI document lists it.
"""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from service.dashboard import HEADERS, page
from service.errors import Malformed, NotANumber, RequestError
from service.http.bodies import Bodies, beside_the_loop, parse_json
from service.http.disconnecting import while_connected
from service.http.errors import error_response, plain_error
from service.http.openapi import Operation, openapi
from service.http.responses import JSONResponse
from service.http.routing import DirectApp, ExactRoute
from service.http.schemas import RequestLimits, check_limits, parse_documents, parse_labels
from service.status import status_of, verdict_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from guards.json_types import JsonObject
    from service.documents import Document, Prediction
    from service.http.access import Access
    from service.http.routing import Endpoint
    from service.lifecycle.assembly import Champion
    from service.lifecycle.runtime import Runtime

    Answer = Callable[..., Awaitable[Response]]
    """An endpoint, or what answers where no route matches."""
    Handler = Callable[[Request, "Serving"], Awaitable[Response]]

__all__ = ["DEADLINE_HEADER", "NATIVE_PATH", "OPERATIONS", "Serving", "WebApp"]

NATIVE_PATH = "/classify"
DEADLINE_HEADER = "understudy-deadline-ms"

_CLIENT_DISCONNECTED = 499
_METHOD_NOT_ALLOWED = 405
_UNAVAILABLE = 503
_logger = logging.getLogger("bentoml.understudy")


@dataclass(slots=True)
class Serving:
    """What the handlers work with: the worker's runtime, the keys, and BentoML's own schema."""

    runtime: Runtime
    access: Access
    native_schema: JsonObject
    """What ``bentoml.SyncHTTPClient`` fetches to learn how to call the native route."""
    bodies: Bodies = field(init=False)
    """Reads the bodies of all requests."""

    def __post_init__(self) -> None:
        """Read bodies within the limit of the settings, until a stop."""
        self.bodies = Bodies(self.runtime.settings.max_body_bytes)
        self.runtime.when_refusing.append(self.bodies.end)

    @property
    def limits(self) -> RequestLimits:
        """The limits of one request."""
        settings = self.runtime.settings
        return RequestLimits(settings.max_documents, settings.max_text_chars)


class WebApp(DirectApp):
    """The app of all operations and the dashboard; ``serving`` is set before the first request."""

    serving: Serving

    def __init__(self) -> None:
        """Make the routes."""
        routes = [
            ExactRoute(
                operation.path, self._counted(self._endpoint(operation, handler)), operation.method
            )
            for operation, handler in OPERATIONS.items()
        ]
        # The page is static and holds no figures: its script asks for the key and sends it along.
        dashboard = ExactRoute("/", self._counted(_dashboard))
        # Probes have no key, and are not counted among the requests.
        health = [
            ExactRoute("/livez", _alive),
            ExactRoute("/healthz", _alive),
            ExactRoute("/readyz", self._ready),
        ]
        super().__init__([*routes, dashboard, *health], self._counted(self._not_routed))

    def _counted(self, answer: Answer) -> Answer:
        """Return what answers, with its answers counted and timed."""

        async def counted(*request: Request | Exception) -> Response:
            started = time.monotonic()
            response = await answer(*request)
            metrics = self.serving.runtime.metrics
            metrics.requests.inc(str(response.status_code))
            metrics.request_seconds.observe(time.monotonic() - started)
            return response

        return counted

    def _endpoint(self, operation: Operation, handler: Handler) -> Endpoint:
        """Return an endpoint that checks the key and answers every error."""

        async def endpoint(request: Request) -> Response:
            try:
                self.serving.access.check(request.headers, operation.scope)
                return await handler(request, self.serving)
            except Exception as error:  # noqa: BLE001 (the worker must go on)
                return _failure(error)

        return endpoint

    async def _ready(self, _: Request) -> Response:
        ready = self.serving.runtime.ready
        return PlainTextResponse("\n", status_code=200 if ready else _UNAVAILABLE)

    async def _not_routed(self, request: Request, error: Exception) -> Response:
        """Answer 405 or 404; without a valid key 401, so that no path can be probed."""
        try:
            self.serving.access.check(request.headers, None)
        except RequestError as refusal:
            return error_response(refusal)
        if isinstance(error, HTTPException) and error.status_code == _METHOD_NOT_ALLOWED:
            message = "use another method"
            return plain_error(405, "method_not_allowed", message, headers=error.headers)
        return plain_error(404, "not_found", "there is nothing at this path")


def _failure(error: Exception) -> Response:
    if isinstance(error, NotANumber):
        _logger.error("%s: its network overflows", error)
    if isinstance(error, RequestError):
        return error_response(error)
    if isinstance(error, ClientDisconnect):
        # Nobody reads this answer; its status is for the metrics.
        return Response(status_code=_CLIENT_DISCONNECTED)
    # The log says where it failed. The error's own message may quote the user and stays out.
    where = "".join(traceback.format_tb(error.__traceback__))
    _logger.error("a request failed with %s\n%s", type(error).__name__, where)
    return plain_error(500, "internal", "the service failed; its operator can see why")


async def _classify(request: Request, serving: Serving) -> Response:
    predictions = await _predictions(request, serving)
    return JSONResponse({"predictions": [p.to_json() for p in predictions]})


async def _classify_native(request: Request, serving: Serving) -> Response:
    return JSONResponse([p.to_json() for p in await _predictions(request, serving)])


async def _predictions(request: Request, serving: Serving) -> list[Prediction]:
    champion = serving.runtime.accepting_champion()
    deadline = time.monotonic() + _deadline_s(request, serving.runtime.settings.deadline_s)
    documents = await _documents(request, serving, champion, deadline)
    return await while_connected(request, champion.classification.classify(documents, deadline))


async def _documents(
    request: Request, serving: Serving, champion: Champion, deadline: float
) -> list[Document]:
    """Return what a body holds; neither its bytes nor the parsed JSON outlive this."""
    schema, bodies = champion.bundle.preprocessing.schema, serving.bodies
    async with bodies.read(request, deadline) as raw:
        body = await beside_the_loop(len(raw), parse_json, raw, bodies.max_values)
        # A stop, or a refusal, may have come while the body did.
        serving.runtime.accepting_champion()
        # Capacity is checked before validation: rejecting a request must be cheap.
        champion.scheduler.check(check_limits(body, schema, serving.limits), deadline)
        capture = serving.runtime.settings.capture
        return await beside_the_loop(len(raw), parse_documents, body, schema, capture)


def _deadline_s(request: Request, max_s: float) -> float:
    text = request.headers.get(DEADLINE_HEADER)
    if text is None:
        return max_s
    if not (text.isascii() and text.isdecimal()):
        message = "Understudy-Deadline-Ms is not a whole number of milliseconds"
        raise Malformed(message)
    return min(max_s, float(text) / 1000)


async def _feedback(request: Request, serving: Serving) -> Response:
    champion = serving.runtime.accepting_champion()
    labels, missing = champion.bundle.labels, champion.bundle.preprocessing.schema.missing
    deadline = time.monotonic() + _deadline_s(request, serving.runtime.settings.deadline_s)
    async with serving.bodies.read(request, deadline) as raw:
        body = await beside_the_loop(len(raw), parse_json, raw, serving.bodies.max_values)
        accepted, rejected = await beside_the_loop(len(raw), parse_labels, body, labels, missing)
    # A stop may have come while the body did, and the log be closed.
    serving.runtime.accepting_champion()
    matched = champion.recorder.feedback(accepted)
    counts = {
        "accepted": len(accepted),
        "matched": matched,
        "unmatched": len(accepted) - matched,
        "rejected": len(rejected),
        "problems": [{"path": p.path, "problem": p.problem} for p in rejected],
    }
    return JSONResponse(counts, status_code=202)


async def _status(_: Request, serving: Serving) -> Response:
    return JSONResponse(await status_of(serving.runtime))


async def _verdict(request: Request, serving: Serving) -> Response:
    verdict = await verdict_of(serving.runtime, request.query_params.get("challenger"))
    return JSONResponse(verdict)


async def _metrics(_: Request, serving: Serving) -> Response:
    body, media_type = serving.runtime.metrics.render()
    return Response(body, media_type=media_type)


async def _openapi(request: Request, serving: Serving) -> Response:
    runtime = serving.runtime
    schema = runtime.accepting_champion().bundle.preprocessing.schema if runtime.ready else None
    access = serving.access
    document = openapi(
        OPERATIONS,
        schema,
        requires_keys=access.requires_keys,
        with_values="operate" in access.check(request.headers, None).scopes,
    )
    return JSONResponse(document)


async def _native_schema(_: Request, serving: Serving) -> Response:
    return JSONResponse(serving.native_schema)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("\n")


async def _dashboard(_: Request) -> Response:
    return Response(page(), media_type="text/html; charset=utf-8", headers=HEADERS)


OPERATIONS: Mapping[Operation, Handler] = {
    Operation(
        "POST",
        "/v1/classify",
        scope="classify",
        summary="Classify documents.",
        body="ClassifyBody",
        answer="Predictions",
    ): _classify,
    Operation(
        "POST",
        NATIVE_PATH,
        scope="classify",
        summary="Classify documents, for BentoML's clients.",
        body="ClassifyBody",
        answer="PredictionList",
    ): _classify_native,
    Operation(
        "POST",
        "/v1/feedback",
        scope="feedback",
        summary="Report labels that became known later.",
        body="Labels",
        answer="FeedbackCounts",
        status=202,
    ): _feedback,
    Operation("GET", "/v1/status", scope="operate", summary="Return the status."): _status,
    Operation(
        "GET",
        "/v1/verdict",
        scope="operate",
        summary="Return the verdict on a challenger, from this replica and this run.",
        answer="Verdict",
        parameters=(
            (
                "challenger",
                "NAME/VERSION, with #ORDINAL where several share them; or the only one.",
            ),
        ),
    ): _verdict,
    Operation("GET", "/metrics", scope="operate", summary="Return Prometheus metrics."): _metrics,
    # Any valid key will do: every client needs to know the columns. Labels and examples of
    # categories are for keys that allow to operate.
    Operation("GET", "/v1/openapi.json", scope=None, summary="Return this document."): _openapi,
    Operation(
        "GET", "/schema.json", scope=None, summary="Describe the native API to BentoML's clients."
    ): _native_schema,
}
"""Every operation and what answers it; the dashboard and the health checks are not among them."""

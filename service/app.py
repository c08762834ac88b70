"""The composition root: BentoML's service around our request path, and its only importer.

BentoML packages, supervises and listens. Its hook ``on_deployment`` runs before the port is bound,
which makes it the one place where a refusal keeps the port closed.

This is the one module whose import changes the process: BentoML and torch read the environment when
they are imported, and BentoML configures its log handlers in the process that imports a service.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

# No usage reports to BentoML; it reads this when it is imported.
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
# Idle threads of torch's runtime spin by default, and take processors from other work. It reads
# this when torch is imported, which is later, here and in the processes that inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bentoml
from pydantic import RootModel
from uvicorn.config import HTTP_PROTOCOLS

from guards.errors import CallError
from service.diagnostics import make_diagnostics_printable
from service.exit_codes import ExitCode
from service.http.access import read_access
from service.http.routes import NATIVE_PATH, Serving, WebApp
from service.http.schemas import DocumentBody, PredictionBody
from service.lifecycle.preflight import check_bundles
from service.lifecycle.roles import handed_over
from service.lifecycle.runtime import Runtime
from service.lifecycle.supervisor import stop_service
from service.settings import PREFIX, read_settings
from service.telemetry.writers import check_log_file

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Understudy", "serve", "web"]

# BentoML starts uvicorn without naming a protocol. This is what uvicorn then looks up.
HTTP_PROTOCOLS["auto"] = "service.http.connections:LimitedConnection"

web = WebApp()
"""Our own app; it has its ``serving`` once the worker has started."""


class FrontDoor:
    """Middleware that sends everything but the app's start and stop to our own app.

    Requests of any kind, path and method pass the keys and limits of one place, and no route of
    BentoML's is reached. BentoML would also put a tracing span and a timer that lives for an hour
    around each request, which cost more than our own part of one. Middleware that is added stands
    behind those two; so when the app starts, this one moves in front of them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            _move_to_the_front(scope["app"])
            await self._app(scope, receive, send)
        else:
            await web(scope, receive, send)


def _move_to_the_front(app: Starlette) -> None:
    if app.middleware_stack is not None and not isinstance(app.middleware_stack, FrontDoor):
        app.middleware_stack = FrontDoor(app.middleware_stack)


@dataclass(frozen=True, slots=True)
class _UnreadInput:
    """An input of the native API: its only field, as BentoML looks for them, is the request."""

    request: Request

    model_fields: ClassVar = ("request",)


class NativeInput(bentoml.IODescriptor):  # type: ignore[misc]  # BentoML is typed in part
    """Documents to classify."""

    # This is the schema for BentoML's clients. The server takes the request unread: BentoML would
    # read the body without a limit and before any key is checked, and log what does not fit.

    documents: list[DocumentBody]

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> _UnreadInput:
        """Return the request as it is."""
        del serde
        return _UnreadInput(request)


@bentoml.service(
    name="understudy",
    workers=1,
    # Deadlines are ours: BentoML's would answer without stopping the work.
    traffic={"timeout": 3600},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(web, path="/")
class Understudy:
    """Answers documents with the champion, and mirrors them to its challengers."""

    @bentoml.on_deployment
    @staticmethod
    def preflight() -> None:
        """Have every bundle judged, and exit 78 rather than open the port."""
        _keep_standard_output_for_events()
        try:
            settings = read_settings()
            read_access(settings.api_keys_file)
            if settings.log_file is not None:
                check_log_file(settings.log_file, private=settings.capture != "none")
            code = check_bundles(settings)
        except CallError as error:
            sys.stderr.write(f"understudy: {error}\n")
            code = ExitCode.WRONG_CALL
        if code != ExitCode.DONE:
            sys.exit(code)

    @bentoml.on_startup
    async def start(self) -> None:
        """Begin to start; readiness follows when the champion can answer."""
        # Only the worker has connections, and it has imported this for uvicorn.
        from service.http.connections import LimitedConnection  # noqa: PLC0415

        settings = read_settings()
        access = read_access(settings.api_keys_file)
        runtime = Runtime(settings, stop_service, judged=handed_over(settings))
        web.serving = Serving(runtime, access, _service.schema())
        LimitedConnection.on_cut = runtime.metrics.connections_cut.inc
        web.serving.runtime.start()

    @bentoml.on_shutdown
    async def stop(self) -> None:
        """Drain, unless a signal has already led to that."""
        await web.serving.runtime.drain()

    @bentoml.api(
        route=NATIVE_PATH, input_spec=NativeInput, output_spec=RootModel[list[PredictionBody]]
    )
    async def classify(self, request: Request) -> Response:
        """Classify documents."""
        # The front door sends this path to our own app. Should it be missing, the same endpoint
        # answers here: with the same keys, limits and errors.
        return await web.endpoints["POST", NATIVE_PATH](request)

    async def __is_ready__(self) -> bool:
        return web.serving.runtime.ready


# The decorator made it a service of BentoML's, which its types do not say.
_service: Any = Understudy
_service.add_asgi_middleware(FrontDoor)


def serve(host: str, port: int) -> None:
    """Serve until stopped, as ``bentoml serve`` does."""
    _service.serve_http(host=host, port=port)


def _keep_standard_output_for_events() -> None:
    """Move BentoML's own lines to standard error: standard output is one JSON object a line.

    BentoML has configured these handlers by the time that a service is imported, in the worker as
    in the supervisor. The access log is off, and without handlers its lines are not even made.
    """
    level = os.environ.get(f"{PREFIX}LOG_LEVEL", "info").upper()
    for name in ("", "bentoml", "uvicorn.error", "circus"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
                handler.setStream(sys.stderr)
    access_log = logging.getLogger("uvicorn.access")
    access_log.handlers.clear()
    access_log.propagate = False
    bentoml_logger = logging.getLogger("bentoml")
    if isinstance(logging.getLevelName(level), int):
        bentoml_logger.setLevel(level)


_keep_standard_output_for_events()
make_diagnostics_printable()

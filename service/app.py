"""The composition root: BentoML's service around our request path, and its only importer.

BentoML packages, supervises and listens. The hook below runs before it binds the port, which makes
it the one place where a refusal keeps the port closed.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
# Threads of torch that spin while they wait take the processors from whoever has work. Its runtime
# reads this when torch is imported, which is later, and so do the processes that inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bentoml
from pydantic import BaseModel
from starlette.routing import Route

from guards.errors import CallError
from service.children import child_environment
from service.http.access import read_access
from service.http.routes import NATIVE_PATH, Serving, make_app
from service.http.schemas import DocumentBody, check_limits, parse_documents
from service.runtime import Runtime
from service.settings import PREFIX, read_settings
from service.supervisor import stop_service

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Understudy", "serve"]

_WRONG_CALL = 2
_PREFLIGHT = "service.preflight"

_serving: Serving | None = None


def _the_serving() -> Serving:
    assert _serving is not None  # noqa: S101 (the worker makes it before it serves)
    return _serving


_web = make_app(_the_serving)
_OUR_PATHS = frozenset(route.path for route in _web.routes if isinstance(route, Route))


class PredictionBody(BaseModel):
    """One prediction, as BentoML's clients see it."""

    request_id: str
    label: str
    confidence: float
    probabilities: dict[str, float]
    model: dict[str, str]
    warnings: list[dict[str, str]]


class FrontDoor:
    """Takes our own routes before BentoML does.

    It would log bodies that it cannot parse, and it puts a tracing span and a timer that lives for
    an hour around each request, which cost more than our own part of one. Middleware that is added
    stands behind those two; so when the app starts, the door moves in front of them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            _move_to_the_front(scope["app"])
        ours = scope["type"] == "http" and scope["path"] in _OUR_PATHS
        await (_web if ours else self._app)(scope, receive, send)


def _move_to_the_front(app: Starlette) -> None:
    if app.middleware_stack is not None and not isinstance(app.middleware_stack, FrontDoor):
        app.middleware_stack = FrontDoor(app.middleware_stack)


@bentoml.service(
    name="understudy",
    workers=1,
    # Deadlines are ours: BentoML's would answer without stopping the work.
    traffic={"timeout": 3600},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(_web, path="/")
class Understudy:
    """Answers with the champion; its challengers hear the same line in the shadow."""

    @bentoml.on_deployment
    @staticmethod
    def preflight() -> None:
        """Judge every bundle in a process of its own, and exit 78 rather than open the port."""
        _keep_standard_output_for_events()
        try:
            settings = read_settings()
            read_access(settings.api_keys_file)
            _check_log_file(settings.log_file)
        except CallError as error:
            sys.stderr.write(f"understudy: {error}\n")
            sys.exit(_WRONG_CALL)
        child = subprocess.run(  # noqa: S603 (our own module)
            [sys.executable, "-m", _PREFLIGHT], env=child_environment(), check=False
        )
        if child.returncode != 0:
            sys.exit(child.returncode)

    @bentoml.on_startup
    async def start(self) -> None:
        """Begin to start; readiness follows when the champion can answer."""
        global _serving  # noqa: PLW0603 (one worker a process, one runtime a worker)
        settings = read_settings()
        _serving = Serving(Runtime(settings, stop_service), read_access(settings.api_keys_file))
        _serving.runtime.start()

    @bentoml.on_shutdown
    async def stop(self) -> None:
        """Drain, where no signal has led to that already."""
        await _the_serving().runtime.drain()

    @bentoml.api(route=NATIVE_PATH)
    async def classify(self, documents: list[DocumentBody]) -> list[PredictionBody]:
        """Classify documents: the same request path as ``/v1/classify``."""
        serving, runtime = _the_serving(), _the_serving().runtime
        body = {"documents": [document.model_dump() for document in documents]}
        check_limits(body, runtime.schema, serving.limits)
        parsed = parse_documents(body, runtime.schema)
        predictions = await runtime.classify(parsed, time.monotonic() + runtime.settings.deadline_s)
        return [PredictionBody(**prediction.to_json()) for prediction in predictions]

    async def __is_ready__(self) -> bool:
        return _serving is not None and _serving.runtime.ready


# The decorator made it a service of BentoML's, which is more than its types say.
_service: Any = Understudy
_service.add_asgi_middleware(FrontDoor)


def _check_log_file(path: Path | None) -> None:
    """Raise ``CallError`` when a log file is asked for that cannot be written."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        message = f"the log file {path} cannot be written: {error.strerror}"
        raise CallError(message) from None


def serve(host: str, port: int) -> None:
    """Serve until stopped, as ``bentoml serve`` does."""
    _service.serve_http(host=host, port=port)


def _keep_standard_output_for_events() -> None:
    """Move BentoML's own lines to standard error: standard output is one JSON object a line.

    The access log is off, and nobody prepares its lines any more.
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

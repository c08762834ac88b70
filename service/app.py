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
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from service.child_environment import NO_REPORTS, child_environment
from service.import_path import OPERATORS_PATH, isolate_imports

# BentoML's worker has put its directory before the libraries, which are imported from here on.
if OPERATORS_PATH in os.environ:
    isolate_imports()
os.environ.update(NO_REPORTS)
# Idle threads of torch's runtime spin by default, and take processors from other work. It reads
# this when torch is imported, which is later, here and in the processes that inherit it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bentoml
from bentoml._internal.bento.build_config import BentoPathSpec
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.utils.analytics import usage_stats
from pydantic import RootModel
from uvicorn.config import HTTP_PROTOCOLS

from guards.errors import CallError
from service.bento_content import leave_idle_bundles_out
from service.diagnostics import make_diagnostics_printable
from service.exit_codes import ExitCode
from service.http.access import read_access
from service.http.routes import NATIVE_PATH, Serving, WebApp
from service.http.schemas import DocumentBody, PredictionBody
from service.lifecycle.preflight import check_bundles
from service.lifecycle.roles import handed_over
from service.lifecycle.runtime import Runtime
from service.lifecycle.supervisor import EXIT_CODE, SUPERVISOR, exit_code, stop_service
from service.private_directory import private_directory
from service.settings import PREFIX, read_settings
from service.supervision import confine_supervisor, unexpected_ports
from service.telemetry.writers import check_log_file

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from service.http.access import Access
    from service.settings import Settings

__all__ = ["Understudy", "serve", "web"]

_DIRECTORY = "_UNDERSTUDY_DIRECTORY"
"""Variable with the directory that relative paths in the settings start from."""

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
        """Have every bundle judged, and exit 78 rather than open the port.

        What BentoML starts afterwards opens no control port, imports nothing of the current
        directory, reports nothing, and keeps its temporary files in a directory of the service.
        """
        _keep_standard_output_for_events()
        try:
            settings = read_settings()
            _take_over_the_process(settings.stop_s)
            _require_http_parser()
            _set_level(settings.log_level)
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

        if directory := os.environ.get(_DIRECTORY):
            os.chdir(directory)
        _refuse_unexpected_ports()
        settings, access = _read_what_was_checked()
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


def _take_over_the_process(stop_s: float) -> None:
    """Decide what the supervisor, which this process becomes, does and hands on to its worker."""
    confine_supervisor(exit_code, stop_s)
    os.environ.update(child_environment())
    os.environ.pop("PYTHONPATH", None)
    # The command ``bentoml`` has asked already, and remembers the answer.
    usage_stats.do_not_track.cache_clear()
    directory = private_directory()
    os.environ[EXIT_CODE] = str(directory / "exit code")
    os.environ[SUPERVISOR] = str(os.getpid())
    # BentoML starts its worker elsewhere, in the directory of a Bento for example.
    os.environ[_DIRECTORY] = str(Path.cwd())


def _read_what_was_checked() -> tuple[Settings, Access]:
    """Read settings and keys in the worker; where they are no longer valid, stop the service."""
    try:
        settings = read_settings()
        _set_level(settings.log_level)
        return settings, read_access(settings.api_keys_file)
    except CallError as error:
        sys.stderr.write(f"understudy: {error}\n")
        stop_service(ExitCode.WRONG_CALL)
        sys.exit(ExitCode.WRONG_CALL)


def _require_http_parser() -> None:
    """Raise ``CallError`` where the worker could not answer requests within our limits."""
    if find_spec("httptools") is None:
        message = "httptools is not installed, expected it to read requests: install httptools"
        raise CallError(message)


def _refuse_unexpected_ports() -> None:
    """Stop the service where its supervisor listens on more than its port."""
    if ports := unexpected_ports():
        sys.stderr.write(
            f"understudy: the supervisor listens on {', '.join(ports)} besides the service's port, "
            "where others could give it commands; install the locked requirements\n"
        )
        stop_service(ExitCode.GUARD_REFUSED)
        sys.exit(ExitCode.GUARD_REFUSED)


def serve(host: str, port: int) -> None:
    """Serve until stopped, as ``bentoml serve`` does, with nothing of the current directory.

    Raises ``SystemExit`` with the code of a worker that could not serve, and ``CallError`` where
    BentoML cannot make its folders.
    """
    try:
        BentoMLContainer.bentoml_home.get()
    except OSError as error:
        message = (
            f"BentoML cannot make its folders: {error}; "
            "set BENTOML_HOME to a directory that can be written"
        )
        raise CallError(message) from None
    # BentoML looks for modules, and for Bentos of the service's name, where its worker runs.
    _service.working_dir = str(Path(__file__).parents[1])
    _service.serve_http(host=host, port=port)


def _keep_standard_output_for_events() -> None:
    """Move BentoML's own lines to standard error: standard output is one JSON object a line.

    BentoML has configured these handlers by the time that a service is imported, in the worker as
    in the supervisor. The access log is off, and without handlers its lines are not even made.
    """
    for name in ("", "bentoml", "uvicorn.error", "circus"):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
                handler.setStream(sys.stderr)
    access_log = logging.getLogger("uvicorn.access")
    access_log.handlers.clear()
    access_log.propagate = False


def _set_level(level: str) -> None:
    """Set the level of diagnostics, those of BentoML's own loggers too."""
    if isinstance(logging.getLevelName(level.upper()), int):
        logging.getLogger("bentoml").setLevel(level.upper())


_keep_standard_output_for_events()
leave_idle_bundles_out(BentoPathSpec)
# What a file of settings says is known when they are read.
_set_level(os.environ.get(f"{PREFIX}LOG_LEVEL", "info"))
make_diagnostics_printable()

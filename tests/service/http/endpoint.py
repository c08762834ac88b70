"""Our app over a real runtime, in this process: no socket, but everything behind it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from starlette.testclient import TestClient

from service.http.access import read_access
from service.http.routes import Serving, WebApp
from service.lifecycle.runtime import Runtime
from tests.judging import passed
from tests.patience import PATIENCE_S, UNHURRIED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    import numpy as np
    import pytest
    from httpx2 import Response
    from numpy.typing import NDArray
    from starlette.applications import Starlette

    from artifacts.bundle.preprocessing import Encoding
    from guards.json_types import JsonObject
    from service.engines import Engine
    from service.exit_codes import ExitCode
    from service.lifecycle.judging import Judgement
    from service.settings import Settings

NATIVE_SCHEMA: JsonObject = {"name": "understudy", "routes": []}


@dataclass(frozen=True, slots=True)
class _HeldEngine:
    """An engine that answers when the test lets it."""

    engine: Engine
    go_on: Event

    @property
    def max_tokens(self) -> int:
        """Return the limit of the engine."""
        return self.engine.max_tokens

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Wait, and answer."""
        assert self.go_on.wait(PATIENCE_S)
        return self.engine.probabilities(encodings, exclusive=exclusive)

    def embedded_probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Wait, and answer."""
        assert self.go_on.wait(PATIENCE_S)
        return self.engine.embedded_probabilities(encodings, exclusive=exclusive)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running app, its client, its runtime and the log that it writes."""

    app: WebApp
    client: TestClient
    runtime: Runtime
    log: Path

    def classify(self, *documents: object, **headers: str) -> Response:
        """Send documents as they are."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/v1/classify", json={"documents": documents}, headers=named)

    def answer(self, text: str = "a text", **features: object) -> JsonObject:
        """Send one document that must be answered, and return its prediction."""
        response = self.classify({"text": text, "features": features})
        assert response.status_code == 200, response.text
        (prediction,) = response.json()["predictions"]
        return dict(prediction)

    def logged(self) -> str:
        """Return the log as it is now."""
        assert self.runtime.log.flush(PATIENCE_S)
        return self.log.read_text(encoding="utf-8")

    def hold_engine(self, patch: pytest.MonkeyPatch) -> Event:
        """Let the engine answer nothing more until the event is set."""
        assert self.runtime.champion is not None
        held = _HeldEngine(self.runtime.champion.choice.engine, Event())
        patch.setattr(vars(self.runtime.champion.scheduler)["_lanes"], "_engine", held)
        return held.go_on

    def wait_until_ready(self) -> None:
        """Wait until the champion answers."""
        self.wait_until(lambda: self.runtime.ready)

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """Wait for something that the service does not announce."""
        assert self.client.portal is not None
        self.client.portal.call(_until, happened)


@contextlib.contextmanager
def running(
    settings: Settings,
    *,
    wait: bool = True,
    recheck_s: float = 60.0,
    judged: Sequence[Judgement] | None = None,
) -> Iterator[Endpoint]:
    """Run the app on an event loop of its own, in no hurry; drained at the end.

    Without ``judged``, its bundles count as sound where they are whole.
    """
    settings = replace(settings, **{name.lower(): time_s for name, time_s in UNHURRIED.items()})  # type: ignore[arg-type]  # these are numbers
    app = WebApp()

    @contextlib.asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        runtime = Runtime(settings, no_supervisor, recheck_s, judged=judged or passed(settings))
        app.serving = Serving(runtime, read_access(settings.api_keys_file), NATIVE_SCHEMA)
        runtime.start()
        yield
        await runtime.drain()
        # The service gives its log a few seconds, in which a machine may stand still.
        assert await asyncio.to_thread(runtime.log.close, PATIENCE_S)

    app.router.lifespan_context = life
    with TestClient(app) as client:
        endpoint = Endpoint(app, client, app.serving.runtime, Path(str(settings.log_file)))
        if wait:
            endpoint.wait_until_ready()
        yield endpoint


async def _until(happened: Callable[[], bool]) -> None:
    # Nothing inside the service waits for it, so it has no event; a balancer polls as well. How
    # long it may take is the test's own limit: a challenger at idle priority can be starved.
    while not happened():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def no_supervisor(code: ExitCode) -> None:
    """Leave the test process alone: here nothing supervises the worker."""
    del code

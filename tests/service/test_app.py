"""The service as BentoML assembles it: keys are required with the front door and without it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from service import app
from service.http.access import Access
from service.http.routes import Serving
from service.lifecycle.runtime import Runtime
from service.settings import Settings
from tests.patience import PATIENCE_S, UNHURRIED
from tests.service.http.endpoint import Endpoint, no_supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


PRIVATE_TEXT = "a-very-private-sentence"
KEY = "the key"
AUTHORIZED = [(b"authorization", b"Bearer the key")]
GOOD = json.dumps({"documents": [{"text": PRIVATE_TEXT}]}).encode()
MAX_BODY_BYTES = 4000
HEALTH = ("/livez", "/readyz", "/healthz")
CLASSIFYING = ("/classify", "/v1/classify")
SIBLINGS = tuple(
    sibling
    for path in CLASSIFYING
    for sibling in (
        *(
            f"{path}\n",
            f"{path}\r",
            f"{path}\r\n",
            f"{path}/",
            f"/{path}",
            f"{path};x",
            path.upper(),
        ),
        *(f"/prefix{path}", f"/v1/..{path}", f"/.{path}", f"{path}/submit", f"{path}\x00"),
        *(f"{path}\\", f"/%2e{path}", f"{path}%0A", f"{path}\u2028", f"http://x{path}", path[1:]),
    )
)
FRAMEWORK = ("*", "/docs.json", "/schema.json", "/static_content/index.css", "/v1/openapi.json")
CONTENT_TYPES = (
    *("application/json", "text/plain", "application/octet-stream", "", "image/png"),
    *("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"),
    *("application/vnd.bentoml+arrow", "application/vnd.bentoml.stream+pickle"),
)


class Answer:
    """What the service sent."""

    def __init__(self, sent: list[Message]) -> None:
        """Join the parts."""
        self.status: int = sent[0]["status"]
        self.headers = dict(sent[0]["headers"])
        self.body = b"".join(message.get("body", b"") for message in sent[1:])


class Service:
    """The running service, asked as a server asks it: with paths that no client has tidied."""

    def __init__(self, client: TestClient) -> None:
        """Keep the client, whose event loop the service runs on."""
        self.client = client

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: list[tuple[bytes, bytes]] | None = None,
        root_path: str = "",
    ) -> Answer:
        """Send one request and return the answer."""
        sent: list[Message] = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": root_path,
            "query_string": b"",
            "headers": headers or [],
        }

        unread: Iterator[Message] = iter(
            [{"type": "http.request", "body": body, "more_body": False}]
        )

        async def receive() -> Message:
            message = next(unread, None)
            # The client stays connected and sends nothing more.
            return await asyncio.Future() if message is None else message

        async def send(message: Message) -> None:
            sent.append(message)

        assert self.client.portal is not None
        self.client.portal.call(self.client.app, scope, receive, send)
        return Answer(sent)


@contextmanager
def running(
    champion: Path, folder: Path, *, front_door: bool, **settings: str
) -> Iterator[Service]:
    """Run the service in this process, with the middleware or without."""
    settings |= {name: str(time_s) for name, time_s in UNHURRIED.items()}
    settings |= {"CHAMPION": str(champion), "LOG_FILE": str(folder / "log.jsonl")}
    service: Any = app.Understudy
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"UNDERSTUDY_{name}", value)
        if not front_door:
            patch.setattr(service, "middlewares", [])
        with TestClient(service.to_asgi()) as client:
            runtime = app.web.serving.runtime
            Endpoint(app.web, client, runtime, folder / "log.jsonl").wait_until_ready()
            yield Service(client)


@pytest.fixture(scope="module", params=[True, False], ids=["front door", "no front door"])
def front_door(request: pytest.FixtureRequest) -> bool:
    """Return whether the front door is in its place."""
    return bool(request.param)


@pytest.fixture(scope="module")
def locked(
    champion: Path, tmp_path_factory: pytest.TempPathFactory, *, front_door: bool
) -> Iterator[Service]:
    """Run the service with one key, which allows to classify."""
    folder = tmp_path_factory.mktemp("locked")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    keys = folder / "keys.json"
    keys.write_text(
        json.dumps({"keys": [{"name": "team", "sha256": digest, "scopes": ["classify"]}]})
    )
    limits = {"MAX_BODY_BYTES": str(MAX_BODY_BYTES), "MAX_DOCUMENTS": "8"}
    settings = {"API_KEYS_FILE": str(keys), **limits}
    with running(champion, folder, front_door=front_door, **settings) as service:
        yield service


@pytest.mark.parametrize("path", CLASSIFYING)
def test_a_valid_key_is_answered(locked: Service, path: str) -> None:
    """The same predictions, with the front door and without."""
    answer = locked.ask("POST", path, GOOD, AUTHORIZED)
    body = json.loads(answer.body)
    (prediction,) = body if path == "/classify" else body["predictions"]
    assert answer.status == 200
    assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("path", [*CLASSIFYING, "/classify\n"])
@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_without_a_key_no_document_is_answered(
    locked: Service, path: str, content_type: str
) -> None:
    """401 before the body is read, whatever its content type."""
    headers = [(b"content-type", content_type.encode())]
    for body in (GOOD, b"not json", b"x" * 2 * MAX_BODY_BYTES):
        answer = locked.ask("POST", path, body, headers)
        assert answer.status == 401
        assert answer.headers[b"www-authenticate"] == b"Bearer"
        assert json.loads(answer.body)["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize("path", [*SIBLINGS, *FRAMEWORK, "/nowhere", ""])
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS", "PUT"])
def test_no_other_path_leads_around_the_key(
    locked: Service, path: str, method: str, *, front_door: bool
) -> None:
    """401; without the front door BentoML has its own say, but not one prediction."""
    answer = locked.ask(method, path, GOOD)
    if front_door:
        assert answer.status == 401
    elif method == "POST":
        # BentoML redirects to the path without its final slash, which needs the key.
        assert answer.status in {307, 401, 404, 405}
    assert b'"probabilities":' not in answer.body or path in FRAMEWORK


@pytest.mark.parametrize("path", SIBLINGS)
def test_with_a_key_a_path_that_only_looks_alike_is_404(
    locked: Service, path: str, *, front_door: bool
) -> None:
    """The answer is ours; without the front door BentoML's pattern takes a final newline."""
    answer = locked.ask("POST", path, GOOD, AUTHORIZED)
    if front_door:
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (404, "not_found")
    else:
        assert answer.status in {307, 404} or path == "/classify\n"


def test_below_a_prefix_the_same_keys_are_required(locked: Service, *, front_door: bool) -> None:
    """A proxy that strips nothing and says where the service stands changes no rule."""
    path = "/prefix/classify"
    assert locked.ask("POST", path, GOOD, root_path="/prefix").status == 401
    answer = locked.ask("POST", path, GOOD, AUTHORIZED, root_path="/prefix")
    assert answer.status == 200
    if front_door:
        assert locked.ask("POST", f"{path}\n", GOOD, root_path="/prefix").status == 401


@pytest.mark.parametrize("path", HEALTH)
def test_health_needs_no_key(locked: Service, path: str, *, front_door: bool) -> None:
    """Probes have none; a path that only looks alike is none of the health checks."""
    assert locked.ask("GET", path).status == 200
    if front_door:
        assert locked.ask("GET", f"{path}\n").status == 401


def test_the_native_route_has_our_limits_and_errors(
    locked: Service, caplog: pytest.LogCaptureFixture, *, front_door: bool
) -> None:
    """Too large, too many, not JSON, not a document: refused alike, and in no log."""
    large = json.dumps({"documents": [{"text": PRIVATE_TEXT * 1000}]}).encode()
    many = json.dumps({"documents": [{"text": PRIVATE_TEXT}] * 9}).encode()
    wrong = json.dumps({"documents": [{"text": [PRIVATE_TEXT], PRIVATE_TEXT: 1}]}).encode()
    for path in ("/classify",) if front_door else ("/classify", "/classify\n"):
        for body, status in ((large, 413), (many, 413), (PRIVATE_TEXT.encode(), 400), (wrong, 422)):
            answer = locked.ask("POST", path, body, AUTHORIZED)
            assert answer.status == status
            assert set(json.loads(answer.body)) == {"error"}
            assert PRIVATE_TEXT.encode() not in answer.body
    assert PRIVATE_TEXT not in caplog.text


def test_two_keys_are_none(locked: Service) -> None:
    """A valid key beside another one is no key, on every route."""
    both = [*AUTHORIZED, (b"authorization", b"Bearer another")]
    for path in (*CLASSIFYING, "/classify\n"):
        for headers in (both, both[::-1]):
            assert locked.ask("POST", path, GOOD, headers).status == 401


# The front door by itself.


class Around:
    """Notes which requests come by, as a tracer or a timer around every request would."""

    def __init__(self, app: ASGIApp, seen: list[str]) -> None:
        """Stand around ``app``."""
        self._app, self._seen = app, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the path of a request, and hand it on."""
        if scope["type"] != "lifespan":
            self._seen.append(scope["path"])
        await self._app(scope, receive, send)


async def alive(_: Request) -> PlainTextResponse:
    """Answer for the framework."""
    return PlainTextResponse("the framework")


@pytest.fixture
def seen() -> list[str]:
    """Return the paths that came by the framework's middleware."""
    return []


@pytest.fixture
def client(seen: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Run an app with the door where BentoML lets it be put: behind middleware of its own."""
    runtime = Runtime(Settings(), no_supervisor)
    monkeypatch.setattr(app.web, "serving", Serving(runtime, Access(None), {}), raising=False)
    framework = Starlette(
        routes=[Route("/livez", alive), Route("/", alive), Route("/nowhere", alive)],
        middleware=[Middleware(Around, seen=seen), Middleware(app.FrontDoor)],
    )
    for _ in range(2):
        # An app may live more than once.
        with TestClient(framework) as client:
            client.get("/livez")
    seen.clear()
    with TestClient(framework) as client:
        yield client
    runtime.log.close(PATIENCE_S)


def test_our_routes_are_taken_before_anything_else(client: TestClient, seen: list[str]) -> None:
    """The page is ours, though the framework has one too, and its middleware is not called."""
    assert "<html" in client.get("/").text
    assert seen == []


def test_health_checks_are_ours_too(client: TestClient, seen: list[str]) -> None:
    """Each that came by the framework would leave a timer for an hour."""
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert seen == []


def test_a_websocket_never_reaches_the_framework(client: TestClient, seen: list[str]) -> None:
    """It is closed at any path, before a key is even looked for."""
    for path in ("/", "/classify", "/nowhere"):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
            pass
    assert seen == []


def test_an_unknown_path_never_reaches_the_framework(client: TestClient, seen: list[str]) -> None:
    """It may have a route there, which would not check the key."""
    assert client.get("/nowhere").json()["error"]["code"] == "not_found"
    assert seen == []


@pytest.mark.parametrize("missing", ["httptools", "keys.json"])
def test_a_start_that_no_worker_could_finish_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    """Found before the port opens, and not by a worker that is started again and again."""
    monkeypatch.setattr(app, "_take_over_the_process", lambda _: None)
    monkeypatch.setenv("UNDERSTUDY_CHAMPION", "nowhere")
    if missing == "httptools":
        monkeypatch.setitem(sys.modules, missing, None)
    else:
        monkeypatch.setenv("UNDERSTUDY_API_KEYS_FILE", missing)
    with pytest.raises(SystemExit) as ended:
        vars(app)["_service"].inner.preflight()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"understudy: {missing}")

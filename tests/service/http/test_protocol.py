"""Our app behind our connections, over sockets: what HTTP asks of every server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from dataclasses import dataclass
from gzip import compress
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urljoin

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from service.dashboard import page
from service.http.connections import LimitedConnection
from service.settings import Settings
from tests.patience import PATIENCE_S
from tests.service.http.endpoint import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guards.json_types import JsonObject
    from tests.service.http.endpoint import Endpoint

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
DOCUMENTS = json.dumps({"documents": [{"text": "a text"}]}).encode()
LABELS = json.dumps({"labels": [{"request_id": "a", "label": "contract"}]}).encode()
READ = (
    *("/livez", "/readyz", "/healthz", "/"),
    *("/metrics", "/v1/status", "/v1/openapi.json", "/schema.json"),
)
POSTED = {"/v1/classify": DOCUMENTS, "/classify": DOCUMENTS, "/v1/feedback": LABELS}
SCOPES = dict.fromkeys(POSTED, "classify") | {"/v1/feedback": "feedback"}
DONE = {"/v1/classify": 200, "/classify": 200, "/v1/feedback": 202}


class Answer:
    """Status, headers and body of an answer, as its bytes have them."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.version, status, *_ = first.split(" ")
        self.status = int(status)
        self.headers = dict(line.lower().split(": ", 1) for line in lines)

    @property
    def error(self) -> JsonObject:
        """Return the error of an answer that must be one."""
        error: JsonObject = json.loads(self.body)["error"]
        assert set(error) == {"code", "message", "details"}
        return error


@dataclass(frozen=True, slots=True)
class Listening:
    """A server's port."""

    port: int

    def ask(self, *lines: str, body: bytes = b"") -> Answer:
        """Send one request on a connection of its own, and return its answer."""
        with self.connected() as client:
            client.send(*lines, "Connection: close", body=body)
            return client.rest()

    @contextlib.contextmanager
    def connected(self) -> Iterator[Client]:
        """Connect for the length of a block."""
        address = ("127.0.0.1", self.port)
        with (
            socket.create_connection(address, timeout=PATIENCE_S) as connection,
            connection.makefile("rb") as stream,
        ):
            yield Client(connection, stream)


@dataclass(frozen=True, slots=True)
class Client:
    """A connection whose bytes are what a test says."""

    connection: socket.socket
    stream: BinaryIO

    def send(self, *lines: str, body: bytes = b"") -> None:
        """Send the lines of a head, and a body."""
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def head(self) -> bytes:
        """Return what comes up to the end of a head."""
        return b"".join(iter(self.stream.readline, b"\r\n")) + b"\r\n"

    def rest(self) -> Answer:
        """Return the answer that ends with the connection."""
        return Answer(self.stream.read())


@contextlib.contextmanager
def listening(endpoint: Endpoint, root_path: str = "") -> Iterator[Listening]:
    """Let uvicorn's server of our connections listen on a port for the length of a block."""
    config = Config(
        endpoint.app, log_config=None, lifespan="off", interface="asgi3", root_path=root_path
    )
    state = ServerState()

    async def listen() -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: LimitedConnection(config, state, {}), "127.0.0.1", 0
        )

    async def stop() -> None:
        listener.close()
        for connection in list(state.connections):
            connection.transport.abort()

    assert endpoint.client.portal is not None
    listener = endpoint.client.portal.call(listen)
    try:
        yield Listening(listener.sockets[0].getsockname()[1])
    finally:
        endpoint.client.portal.call(stop)


@pytest.fixture(scope="module")
def unlocked(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Run the champion for this module alone, with the default settings."""
    log = tmp_path_factory.mktemp("protocol") / "log.jsonl"
    with running(Settings(champion=str(champion), log_file=log)) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def server(unlocked: Endpoint) -> Iterator[Listening]:
    """Listen without keys."""
    with listening(unlocked) as server:
        yield server


@pytest.fixture(scope="module")
def locked(strict: Endpoint) -> Iterator[Listening]:
    """Listen with keys and tight limits."""
    with listening(strict) as server:
        yield server


def post(path: str, *headers: str, body: bytes, version: str = "1.1") -> list[str]:
    """Return the lines of a request with a body."""
    lines = [f"POST {path} HTTP/{version}", f"Content-Length: {len(body)}", *headers]
    return lines if version == "1.0" else [*lines, "Host: x"]


def key(path: str) -> str:
    """Return the header with the key that a path asks for."""
    return f"Authorization: Bearer key-{SCOPES.get(path, 'operate')}"


# Versions.


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_http_1_0_is_answered_without_a_host(server: Listening, path: str, connection: str) -> None:
    """With a length, as it knows no chunks, and the connection then ends, kept alive or not."""
    with server.connected() as client:
        client.send(f"GET {path} HTTP/1.0", f"Connection: {connection}")
        answer = client.rest()
    assert answer.status == 200
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["connection"] == "close"
    assert "transfer-encoding" not in answer.headers


@pytest.mark.parametrize("path", POSTED)
def test_http_1_0_may_post(server: Listening, path: str) -> None:
    """Each route that takes a body takes it from an old client."""
    answer = server.ask(*post(path, body=POSTED[path], version="1.0"), body=POSTED[path])
    assert answer.status == DONE[path]
    assert int(answer.headers["content-length"]) == len(answer.body)


# Bodies that wait to be asked for.


@pytest.mark.parametrize("path", POSTED)
def test_a_body_that_waits_is_asked_for(locked: Listening, path: str) -> None:
    """Then the answer comes."""
    with locked.connected() as client:
        client.send(
            *post(path, key(path), "Expect: 100-continue", "Connection: close", body=POSTED[path])
        )
        assert client.head() == CONTINUE
        client.connection.sendall(POSTED[path])
        assert client.rest().status == DONE[path]


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize(
    ("headers", "length", "status"),
    [
        ((), 10, 401),
        (("Authorization: Bearer another",), 99_999_999, 401),
        (("Content-Encoding: br",), 10, 401),
        (("KEY",), 2001, 413),
        (("KEY", "Content-Encoding: gzip"), 2001, 413),
        (("KEY", "Content-Encoding: br"), 10, 415),
        (("KEY", "Content-Encoding: br"), 2001, 415),
        (("KEY", "Understudy-Deadline-Ms: soon"), 10, 400),
    ],
)
def test_a_body_that_is_not_wanted_is_not_asked_for(
    locked: Listening, path: str, headers: tuple[str, ...], length: int, status: int
) -> None:
    """The final status comes at once, and the connection ends: nobody knows what comes next."""
    lines = [key(path) if line == "KEY" else line for line in headers]
    with locked.connected() as client:
        client.send(
            f"POST {path} HTTP/1.1",
            "Host: x",
            f"Content-Length: {length}",
            "Expect: 100-continue",
            *lines,
        )
        answer = client.rest()
    assert answer.status == status
    assert answer.headers["connection"] == "close"


# Methods.


@pytest.mark.parametrize("path", READ)
def test_head_is_get_without_the_body(server: Listening, path: str) -> None:
    """Same status, same headers, and the next answer begins where the first one's body would."""
    with server.connected() as client:
        client.send(f"HEAD {path} HTTP/1.1", "Host: x")
        head = Answer(client.head())
        client.send(f"GET {path} HTTP/1.1", "Host: x", "Connection: close")
        whole = client.rest()
    assert head.status == whole.status == 200
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert set(whole.headers) - set(head.headers) == {"connection"}
    if path in {"/metrics", "/v1/status"}:  # which have changed meanwhile
        assert int(head.headers["content-length"]) > 0
    else:
        assert int(head.headers["content-length"]) == len(whole.body)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        *((method, path, {"POST"}) for method in ("HEAD", "OPTIONS", "GET") for path in POSTED),
        *((method, path, {"GET", "HEAD"}) for method in ("OPTIONS", "POST") for path in READ),
    ],
)
def test_a_method_that_a_route_has_not_is_told_which_it_has(
    server: Listening, method: str, path: str, allowed: set[str]
) -> None:
    """405 with ``Allow``, and to HEAD no body."""
    answer = server.ask(f"{method} {path} HTTP/1.1", "Host: x")
    assert answer.status == 405
    assert set(answer.headers["allow"].upper().split(", ")) == allowed
    assert int(answer.headers["content-length"]) > 0
    if method == "HEAD":
        assert answer.body == b""
    else:
        assert answer.error["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", [*POSTED, "/v1/status", "/metrics", "/nowhere", "*"])
def test_no_method_tells_what_there_is_without_a_key(
    locked: Listening, method: str, path: str
) -> None:
    """401 for every path that asks for one, whether or not it is there."""
    answer = locked.ask(f"{method} {path} HTTP/1.1", "Host: x")
    assert answer.status == 401
    assert "allow" not in answer.headers


# Behind a proxy.


@pytest.mark.parametrize("root_path", ["", "/prefix"])
def test_below_a_prefix_that_a_proxy_strips_everything_is_answered(
    unlocked: Endpoint, root_path: str
) -> None:
    """Whether or not the server has been told the prefix, and whatever the proxy adds."""
    with listening(unlocked, root_path) as server:
        for path in READ:
            forwarded = ("X-Forwarded-Prefix: /prefix", "X-Forwarded-Proto: https")
            assert server.ask(f"GET {path} HTTP/1.1", "Host: x", *forwarded).status == 200
        for path, body in POSTED.items():
            assert server.ask(*post(path, body=body), body=body).status == DONE[path]
        assert server.ask("GET /prefix/livez HTTP/1.1", "Host: x").status == 404
        described = json.loads(server.ask("GET /v1/openapi.json HTTP/1.1", "Host: x").body)
    (address,) = (urljoin("/prefix/v1/openapi.json", each["url"]) for each in described["servers"])
    assert address == "/prefix/"


def test_the_page_asks_for_nothing_but_what_is_below_its_own_address() -> None:
    """It works at the root and below a prefix."""
    text = page().decode()
    (status,) = re.findall(r'STATUS_URL = "(.*)"', text)
    assert re.findall(r"fetch\((\w+)", text) == ["STATUS_URL"]
    assert urljoin("https://x/prefix/", status) == "https://x/prefix/v1/status"
    assert not re.search(r'(?:href|src|action)="/|url\(/|location\s*=', text)


# Encodings.


def gzipped(path: str, *headers: str, body: bytes) -> list[str]:
    """Return the lines of a request whose body is gzip."""
    return post(path, "Content-Encoding: gzip", *headers, body=body)


@pytest.mark.parametrize("path", POSTED)
def test_gzip_is_taken_wherever_a_body_is(server: Listening, path: str) -> None:
    """With a length and in chunks, and the connection goes on."""
    body = compress(POSTED[path])
    with server.connected() as client:
        for _ in range(2):
            client.send(*gzipped(path, body=body), body=body)
            head = Answer(client.head())
            assert head.status == DONE[path]
            client.stream.read(int(head.headers["content-length"]))
        chunks = b"".join(b"5\r\n" + body[n : n + 5] + b"\r\n" for n in range(0, 15, 5))
        chunks += b"%x\r\n%b\r\n0\r\n\r\n" % (len(body) - 15, body[15:])
        client.send(
            *(f"POST {path} HTTP/1.1", "Host: x", "Transfer-Encoding: chunked"),
            *("Content-Encoding: x-gzip", "Connection: close"),
            body=chunks,
        )
        assert client.rest().status == DONE[path]


@pytest.mark.parametrize("path", POSTED)
def test_a_bomb_is_too_large(server: Listening, path: str) -> None:
    """20 MB in 20 kB, of zeros or of JSON."""
    for content in (bytes(20_000_000), POSTED[path] + b" " * 20_000_000):
        body = compress(content)
        assert len(body) < 25_000
        answer = server.ask(*gzipped(path, body=body), body=body)
        assert (answer.status, answer.error["code"]) == (413, "too_large")
        assert answer.headers["connection"] == "close"
    assert server.ask("GET /readyz HTTP/1.1", "Host: x").status == 200


@pytest.mark.parametrize("path", POSTED)
def test_what_is_not_gzip_is_malformed(server: Listening, path: str) -> None:
    """Cut short, followed by something, or plain."""
    body = compress(POSTED[path])
    for sent in (body[:-1], body + b"more", POSTED[path], b""):
        answer = server.ask(*gzipped(path, body=sent), body=sent)
        assert (answer.status, answer.error["code"]) == (400, "malformed")
        assert "gzip" in answer.error["message"]


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "canary-7391"])
def test_another_encoding_says_which_one_is_taken(
    server: Listening, path: str, encoding: str
) -> None:
    """415, before the body is there, and the connection goes on with it."""
    body = POSTED[path]
    lines = post(path, f"Content-Encoding: {encoding}", body=body)
    with server.connected() as client:
        client.send(*lines)
        head = Answer(client.head())
        assert head.status == 415
        assert head.headers["accept-encoding"] == "gzip"
        refusal = json.loads(client.stream.read(int(head.headers["content-length"])))["error"]
        assert refusal["code"] == "unsupported_encoding"
        assert "expected gzip or none" in refusal["message"]
        assert "canary" not in refusal["message"]
        client.connection.sendall(body)
        client.send(*post(path, "Connection: close", body=body), body=body)
        assert client.rest().status == DONE[path]

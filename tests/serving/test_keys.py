"""Keys under a real server: whatever the path's spelling, no key is no answer."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from load_tests.fuzz.report import Report
from load_tests.fuzz.request.bodies import MARKER
from load_tests.fuzz.request.service import Service, fuzz_keys
from load_tests.fuzz.requests import try_requests
from service import app
from tests.patience import PATIENCE_S, UNHURRIED, wait_until
from tests.serving.server import BENTOML, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PRIVATE_TEXT = "a-very-private-sentence"
KEY = "the key"
OPERATOR = "the operator's key"
GOOD = json.dumps({"documents": [{"text": PRIVATE_TEXT}]})
MULTIPART = (
    '--x\r\nContent-Disposition: form-data; name="documents"\r\n\r\n'
    f'[{{"text": "{PRIVATE_TEXT}"}}]\r\n--x--'
)

TARGETS = (
    *("/classify", "/classify%0A", "/classify%0D", "/classify%0D%0A", "/classify%0a?x=1"),
    *("/classify/", "//classify", "/classify;x", "/%63lassify", "/CLASSIFY", "/v1/../classify"),
    *("/v1/classify", "/v1/classify%0A", "/v1%2Fclassify", "/v1/status", "/v1/openapi.json"),
    *("/docs.json", "/schema.json", "/metrics", "/nowhere"),
    *("http://127.0.0.1/classify", "http://127.0.0.1/classify%0A"),
)
STRANGE_TARGETS = (
    *("*", "/*", "//", "/.", "/%2e/classify", "/classify%00", "/classify\\", "/classify%250A"),
    *("/classify?", "/classify?x=%0A", "/v1//classify", "/v1/./classify", "/v1%2fclassify"),
    *("/Classify", "/cl\u00e4ssify", "/classify/../v1/status", "/livez/../v1/status", "/v1"),
    *("/livez/v1/status", "/readyz;x", "/metrics/", "/static_content/../classify"),
    *("http://x", "http://x/classify%00", "HTTP://X/v1/status", "https://u:p@x/metrics"),
    *("x:80", "x", "classify", "?", "/" * 5000, "/classify" + "%0A" * 1000),
)
METHODS = (
    "POST",
    "GET",
    "PUT",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "MADEUP",
    "post",
)
CLASSIFYING = (
    *("/classify", "/classify%0A", "/classify%0a?x=1", "/%63lassify", "/v1/classify"),
    *("http://127.0.0.1/classify", "http://127.0.0.1/classify%0A"),
)
CONTENT_TYPES = {
    "application/json": GOOD,
    "application/octet-stream": GOOD,
    "multipart/form-data; boundary=x": MULTIPART,
}
MAX_BODY_BYTES, MAX_DOCUMENTS = "4000", "8"


@dataclass(frozen=True, slots=True)
class Server:
    """A server with keys: its port, its log, what it has printed so far, and its process if any."""

    port: int
    log: Path
    printed: Callable[[], str]
    process: subprocess.Popen[str] | None = None


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a keys file with a key that allows to classify, one to operate, and those of a fuzz."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    key = {"name": "team", "sha256": digest, "scopes": ["classify"]}
    operator = {"sha256": hashlib.sha256(OPERATOR.encode()).hexdigest(), "scopes": ["operate"]}
    path.write_text(json.dumps({"keys": [key, operator, *fuzz_keys()]}), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["front door", "no front door"])
def locked(
    request: pytest.FixtureRequest,
    champion: Path,
    keys: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Run ``bentoml serve`` with keys, and the server that it runs without the front door."""
    run = _served if request.param == "front door" else _without_front_door
    log = tmp_path_factory.mktemp("locked") / "log.jsonl"
    with run(champion, keys, log) as server:
        yield server


@contextlib.contextmanager
def _served(champion: Path, keys: Path, log: Path) -> Iterator[Server]:
    with serving(
        (*BENTOML, "serve", "--host", "127.0.0.1"),
        log,
        CHAMPION=str(champion),
        API_KEYS_FILE=str(keys),
        MAX_BODY_BYTES=MAX_BODY_BYTES,
        MAX_DOCUMENTS=MAX_DOCUMENTS,
    ) as server:
        yield Server(server.port, log, server.printed, server.process)


@contextlib.contextmanager
def _without_front_door(champion: Path, keys: Path, log: Path) -> Iterator[Server]:
    """Run uvicorn as BentoML's worker does, in this process."""
    printed = logging.StreamHandler(io.StringIO())
    service: Any = app.Understudy
    settings = {
        "CHAMPION": champion,
        "API_KEYS_FILE": keys,
        "LOG_FILE": log,
        "MAX_BODY_BYTES": MAX_BODY_BYTES,
        "MAX_DOCUMENTS": MAX_DOCUMENTS,
        **UNHURRIED,
    }
    with pytest.MonkeyPatch.context() as patch, socket.socket() as listening:
        for name, value in settings.items():
            patch.setenv(f"UNDERSTUDY_{name}", str(value))
        for name in ("", "bentoml", "uvicorn.error"):
            patch.setattr(logging.getLogger(name), "handlers", [printed])
        patch.setattr(service, "middlewares", [])
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(service.to_asgi(), log_config=None, server_header=False)
        server = uvicorn.Server(config)
        running = threading.Thread(target=server.run, args=([listening],))
        running.start()
        try:
            wait_until(lambda: server.started and app.web.serving.runtime.ready, "readiness")
            yield Server(listening.getsockname()[1], log, printed.stream.getvalue)
        finally:
            server.should_exit = True
            running.join()


def ask(
    server: Server,
    target: str,
    *authorization: str,
    method: str = "POST",
    body: str = GOOD,
    content_type: str = "application/json",
) -> tuple[int, str]:
    """Send one request with exactly this target; return the status and the whole answer."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        *(f"Authorization: {value}" for value in authorization),
    ]
    return exchange(server, *lines, body=body)


def exchange(server: Server, *lines: str, body: str | bytes = b"") -> tuple[int, str]:
    """Send these lines of a head; return the status and the whole answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        head = "\r\n".join([*lines, "", ""])
        connection.sendall(head.encode() + (body.encode() if isinstance(body, str) else body))
        with connection.makefile("rb") as stream:
            answer = stream.read().decode()
    return int(answer.split(maxsplit=2)[1]), answer


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_without_a_key_no_path_is_answered(
    locked: Server, request: pytest.FixtureRequest, target: str, content_type: str
) -> None:
    """401 for everything; without the front door BentoML may also not know the path."""
    body = CONTENT_TYPES[content_type]
    status, answer = ask(locked, target, body=body, content_type=content_type)
    if "no front door" in request.node.name and target not in CLASSIFYING:
        assert status in {307, 401, 404, 405}
    else:
        assert status == 401
    assert '"probabilities":' not in answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("target", ["/classify", "/classify%0A", "/v1/status", "/v1/openapi.json"])
def test_other_methods_need_a_key_too(locked: Server, method: str, target: str) -> None:
    """Nothing of what there is can be learnt without one."""
    status, answer = ask(locked, target, method=method)
    assert status in {401, 404, 405}
    assert "contract" not in answer


@pytest.mark.parametrize("method", METHODS)
def test_no_method_or_target_leads_around_the_key(locked: Server, method: str) -> None:
    """Refused by the server or by us, with our status, and neither answered nor printed."""
    for target in STRANGE_TARGETS:
        status, answer = ask(locked, f"{target}#{PRIVATE_TEXT}", method=method)
        assert status in {307, 400, 401, 404, 405}, target
        assert '"probabilities":' not in answer
        assert PRIVATE_TEXT not in answer
    assert PRIVATE_TEXT not in locked.printed()


@pytest.mark.parametrize("names", [("Authorization", "authorization"), ("AUTHORIZATION",) * 2])
def test_two_authorization_headers_are_refused_in_any_spelling(
    locked: Server, names: tuple[str, str]
) -> None:
    """The parser neither joins them nor drops one before they are counted."""
    length = f"Content-Length: {len(GOOD)}"
    head = ("POST /classify HTTP/1.1", "Host: x", "Connection: close", length)
    for values in ((KEY, KEY), (KEY, "another"), ("another", KEY)):
        pairs = zip(names, values, strict=True)
        keys = [f"{name}: Bearer {value}" for name, value in pairs]
        assert exchange(locked, *head, *keys, body=GOOD)[0] == 401
    assert exchange(locked, *head, f"{names[1]}: Bearer {KEY}", body=GOOD)[0] == 200


def test_an_upgrade_needs_the_key_like_any_request(locked: Server) -> None:
    """There are no websockets; the handshake is a request without a key."""
    for protocol in ("websocket", "h2c"):
        upgrade = ("Connection: Upgrade, close", f"Upgrade: {protocol}", "Sec-WebSocket-Key: x")
        lines = ("GET /v1/status HTTP/1.1", "Host: x", *upgrade, "Sec-WebSocket-Version: 13")
        assert exchange(locked, *lines)[0] == 401
    assert "pgrade" not in locked.printed()


def test_a_head_without_an_end_is_cut_and_counted(locked: Server) -> None:
    """The server that BentoML starts has our limits of connections."""
    with socket.create_connection(("127.0.0.1", locked.port), timeout=PATIENCE_S) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"POST /classify HTTP/1.1\r\nX: " + b"x" * 10_000_000)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(1) == b""
    status, answer = ask(locked, "/metrics", f"Bearer {OPERATOR}", method="GET")
    assert status == 200
    assert 'understudy_connections_cut_total{reason="unused bytes"} 1.0' in answer


def test_no_path_and_no_method_is_a_series_of_its_own(locked: Server) -> None:
    """Requests are counted by status, whatever they asked for."""
    series = []
    for number in range(2):
        for _ in range(10):
            ask(locked, f"/nowhere-{number}", f"Bearer {KEY}")
            ask(locked, "/v1/status", f"Bearer {KEY}", method="PROPFIND")
        _, answer = ask(locked, "/metrics", f"Bearer {OPERATOR}", method="GET")
        series.append({line.partition(" ")[0] for line in answer.splitlines()})
    assert series[0] == series[1]
    assert not any("nowhere" in line or "PROPFIND" in line for line in series[1])


def test_what_is_open_and_what_a_key_opens(locked: Server) -> None:
    """Health and the page are open; the key classifies, and does not read the status."""
    key, another = f"Bearer {KEY}", "Bearer another"
    for target in ("/livez", "/readyz", "/healthz", "/"):
        assert ask(locked, target, method="GET")[0] == 200, target
    for target in ("/classify", "/v1/classify", "/%63lassify", "http://127.0.0.1/classify"):
        assert ask(locked, target, key)[0] == 200, target
    for pair in ((key, another), (another, key)):
        assert ask(locked, "/classify", *pair)[0] == 401
    for target, status in (("/v1/openapi.json", 200), ("/schema.json", 200), ("/v1/status", 403)):
        assert ask(locked, target, key, method="GET")[0] == status, target


def test_the_native_route_has_our_limits_and_logs_no_body(locked: Server) -> None:
    """A large body, many documents and a malformed one are refused, and no word is printed."""
    key = f"Bearer {KEY}"
    bodies = {
        "x" * 5000: 413,
        json.dumps({"documents": [{"text": PRIVATE_TEXT}] * 9}): 413,
        f'{{"{PRIVATE_TEXT}': 400,
        json.dumps({"documents": [{"text": [PRIVATE_TEXT]}]}): 422,
    }
    for body, status in bodies.items():
        assert ask(locked, "/classify", key, body=body)[0] == status
        assert ask(locked, "/classify", body=body)[0] == 401
    everything = locked.printed() + locked.log.read_text()
    assert PRIVATE_TEXT not in everything


def test_a_compressed_body_is_read_with_a_key_alone(locked: Server) -> None:
    """401 before its encoding is looked at; then it is taken, too large, or not taken."""
    sent = {
        ("gzip", gzip.compress(GOOD.encode())): 200,
        ("gzip", gzip.compress(b" " * 1_000_000)): 413,
        ("gzip", GOOD.encode()): 400,
        ("br", GOOD.encode()): 415,
    }
    for path in ("/classify", "/v1/classify"):
        for (encoding, body), status in sent.items():
            lines = (
                *(f"POST {path} HTTP/1.1", "Host: x", "Connection: close"),
                *(f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}"),
            )
            assert exchange(locked, *lines, body=body)[0] == 401
            key = f"Authorization: Bearer {KEY}"
            found, answer = exchange(locked, *lines, key, body=body)
            assert found == status
            assert PRIVATE_TEXT not in answer
    assert PRIVATE_TEXT not in locked.printed()


def test_bentomls_client_sends_its_token_with_everything(locked: Server) -> None:
    """With the key as its token it fetches the schema and classifies; without it, neither."""
    program = (
        "import bentoml, json, sys\n"
        "with bentoml.SyncHTTPClient(sys.argv[1], token=sys.argv[2] or None) as client:\n"
        "    print(json.dumps(client.classify(documents=[{'text': 'a'}])))\n"
    )
    command = (sys.executable, "-c", program, f"http://127.0.0.1:{locked.port}")
    environment = {**os.environ, "BENTOML_DO_NOT_TRACK": "True"}
    outcomes = [
        subprocess.run(
            [*command, token], capture_output=True, text=True, check=False, env=environment
        )
        for token in (KEY, "")
    ]
    (prediction,) = json.loads(outcomes[0].stdout)
    assert prediction["label"] in prediction["probabilities"]
    assert outcomes[1].returncode != 0
    assert outcomes[1].stdout == ""


@pytest.mark.parametrize("locked", ["front door"], indirect=True)
def test_hostile_requests_are_refused(locked: Server, tmp_path: Path) -> None:
    """Drawn ones: no answer without a key, none of 5xx, no text of a body, and it serves on."""
    assert locked.process is not None
    (tmp_path / "errors").touch()
    service = Service(locked.process, locked.port, locked.log, tmp_path / "errors", locked.log)
    report = Report("requests", seed=5)

    try_requests(service, 5, range(150), report)

    assert report.count == 150
    assert [str(failure) for failure in report.failures] == []
    assert MARKER not in locked.printed()
    assert "Traceback" not in locked.printed()

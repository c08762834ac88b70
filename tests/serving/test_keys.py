"""Keys under a real server: whatever the path's spelling, no key is no answer."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.patience import PATIENCE_S
from tests.serving.server import BENTOML, Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE_TEXT = "a-very-private-sentence"
KEY = "the key"
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
CLASSIFYING = (
    *("/classify", "/classify%0A", "/classify%0a?x=1", "/%63lassify", "/v1/classify"),
    *("http://127.0.0.1/classify", "http://127.0.0.1/classify%0A"),
)
CONTENT_TYPES = {
    "application/json": GOOD,
    "application/octet-stream": GOOD,
    "multipart/form-data; boundary=x": MULTIPART,
}
SERVICES = {
    "front door": "service.app:Understudy",
    "no front door": "tests.serving.without_front_door:Understudy",
}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a keys file with one key, which allows to classify."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    key = {"name": "team", "sha256": digest, "scopes": ["classify"]}
    path.write_text(json.dumps({"keys": [key]}), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=SERVICES)
def locked(
    request: pytest.FixtureRequest,
    champion: Path,
    keys: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Run ``bentoml serve`` with keys, with the front door and without."""
    command = (*BENTOML, "serve", SERVICES[request.param], "--host", "127.0.0.1")
    log = tmp_path_factory.mktemp("locked") / "log.jsonl"
    with serving(
        command,
        log,
        CHAMPION=str(champion),
        API_KEYS_FILE=str(keys),
        MAX_BODY_BYTES="4000",
        MAX_DOCUMENTS="8",
    ) as server:
        yield server


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
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        connection.sendall("\r\n".join([*lines, "", body]).encode())
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
    everything = "".join([*locked.output, *locked.complaints, locked.log.read_text()])
    assert PRIVATE_TEXT not in everything


def test_bentomls_client_sends_its_token_with_everything(locked: Server) -> None:
    """With the key as its token it fetches the schema and classifies; without it, neither."""
    program = (
        "import bentoml, json, sys\n"
        "with bentoml.SyncHTTPClient(sys.argv[1], token=sys.argv[2] or None) as client:\n"
        "    print(json.dumps(client.classify(documents=[{'text': 'a'}])))\n"
    )
    command = (sys.executable, "-c", program, str(locked.client.base_url))
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

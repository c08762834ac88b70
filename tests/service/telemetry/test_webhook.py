"""Alerts arrive where they can, and cost nothing but themselves where they cannot."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from service.telemetry.webhook import Webhook
from service.webhook_url import WebhookUrl
from tests.patience import AGES_S, PATIENCE_S, wait_until
from tests.service.telemetry.receiving import (
    answer,
    close,
    endless,
    hang,
    receiver,
    reset,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

PATH = "T01/s3cret"
OK = answer(204)
HURRIED_S = 0.1


def url_of(port: int, scheme: str = "http", host: str = "127.0.0.1") -> WebhookUrl:
    """Return a URL with secrets wherever one may be."""
    return WebhookUrl.parse(f"{scheme}://user:s3cret@{host}:{port}/{PATH}?key=s3cret#part")


@contextmanager
def webhook(
    url: WebhookUrl, *, pauses_s: Sequence[float] = (), timeout_s: float = PATIENCE_S
) -> Iterator[Webhook]:
    """Run a webhook that waits for ages, and never pauses, but where told otherwise."""
    running = Webhook(url, pauses_s=pauses_s, timeout_s=timeout_s)
    try:
        yield running
    finally:
        running.close(PATIENCE_S)


def settled(running: Webhook, payloads: int = 1) -> Mapping[str, int]:
    """Wait until so many payloads are delivered, given up or dropped."""
    wait_until(lambda: sum(running.counts.values()) == payloads, "payloads", 0.01)
    return running.counts


def test_an_alert_is_posted_as_json() -> None:
    """The receiver gets one request, with its path, query and credentials, and with one body."""
    with receiver(OK) as received, webhook(url_of(received.port)) as running:
        running.send({"feature": "body_chars", "words": "median 377 → 377,000"})
        assert settled(running) == {"delivered": 1, "failed": 0, "dropped": 0}
        head, _, body = received.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST /{PATH}?key=s3cret HTTP/1.1"
    assert f"Host: 127.0.0.1:{received.port}" in lines
    assert {"Content-Type: application/json", "User-Agent: understudy"} <= {*lines}
    assert "Authorization: Basic dXNlcjpzM2NyZXQ=" in lines
    assert json.loads(body) == {"feature": "body_chars", "words": "median 377 → 377,000"}


def test_a_url_without_a_user_sends_no_credentials() -> None:
    """There is nothing to authorise with, and the path is the root."""
    with receiver(OK) as received:
        with webhook(WebhookUrl.parse(f"http://127.0.0.1:{received.port}")) as running:
            running.send({})
            settled(running)
        assert received.requests[0].startswith(b"POST / HTTP/1.1\r\n")
        assert b"Authorization" not in received.requests[0]


def test_alerts_arrive_in_their_order() -> None:
    """One at a time, also where the first has to be tried again."""
    with receiver(answer(500), OK) as received, webhook(url_of(received.port), pauses_s=(0,)) as w:
        for number in range(3):
            w.send({"number": number})
        assert settled(w, 3)["delivered"] == 3
        assert [json.loads(body)["number"] for body in received.bodies] == [0, 0, 1, 2]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_failure_that_may_pass_is_tried_again(status: int) -> None:
    """The second attempt delivers."""
    with receiver(answer(status), OK) as received:
        with webhook(url_of(received.port), pauses_s=(0,)) as running:
            running.send({})
            assert settled(running) == {"delivered": 1, "failed": 0, "dropped": 0}
        assert len(received.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_refusal_is_final(status: int) -> None:
    """It would be refused as often as it is sent."""
    with receiver(answer(status), OK) as received:
        with webhook(url_of(received.port), pauses_s=(0, 0)) as running:
            running.send({})
            assert settled(running) == {"delivered": 0, "failed": 1, "dropped": 0}
        assert len(received.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """Whoever answers for the host does not choose where alerts go."""
    with receiver(OK) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/\r\n"
        with (
            receiver(answer(status, location)) as received,
            webhook(url_of(received.port), pauses_s=(0,)) as running,
        ):
            running.send({})
            assert settled(running)["failed"] == 1
        assert elsewhere.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts go where the URL says."""
    with receiver(OK) as proxy, receiver(OK) as received:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        with webhook(url_of(received.port)) as running:
            running.send({})
            assert settled(running)["delivered"] == 1
        assert proxy.requests == []


def test_an_endless_body_is_not_read() -> None:
    """The status says all."""
    body = endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1000\r\n" + "x" * 4096)
    with receiver(body) as received, webhook(url_of(received.port)) as running:
        running.send({})
        assert settled(running)["delivered"] == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        close,
        reset,
        endless("HTTP/1.1 200 OK\r\n", "Name: value\r\n"),
        endless("HTTP/1.1 200 OK\r\nName: ", "x" * 4096),
        endless("", "x" * 4096),
        endless("220 mail.example.org ESMTP\r\n", "220 ready\r\n"),
    ],
    ids=["closes", "resets", "many-headers", "long-header", "long-status", "another-protocol"],
)
def test_no_answer_is_a_failure(behaviour: Callable[[socket.socket], object]) -> None:
    """It is tried as often as it may be, and then given up; the next alert is sent all the same."""
    with (
        receiver(behaviour, behaviour, OK) as received,
        webhook(url_of(received.port), pauses_s=(0,)) as running,
    ):
        running.send({})
        running.send({})
        assert settled(running, 2) == {"delivered": 1, "failed": 1, "dropped": 0}


@pytest.mark.parametrize(
    "behaviour",
    [
        hang,
        endless("HTTP/1.", "1", pause_s=HURRIED_S / 10),
        endless("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["hangs", "trickles", "endless-interim-answers"],
)
def test_the_whole_answer_has_a_time_limit(
    behaviour: Callable[[socket.socket], object], caplog: pytest.LogCaptureFixture
) -> None:
    """Bytes that keep coming do not prolong it."""
    with (
        receiver(behaviour) as received,
        webhook(url_of(received.port), timeout_s=HURRIED_S) as running,
    ):
        running.send({})
        assert settled(running)["failed"] == 1
    assert "takes no alerts: no answer within 0.1 s" in caplog.text


def test_headers_that_trickle_do_not_hold_the_thread() -> None:
    """The status has come, and the alert is not sent a second time."""
    trickle = endless("HTTP/1.1 200 OK\r\nName: ", "x", pause_s=HURRIED_S / 10)
    with (
        receiver(trickle) as received,
        webhook(url_of(received.port), timeout_s=5 * HURRIED_S, pauses_s=(0,)) as running,
    ):
        running.send({})
        assert settled(running) == {"delivered": 1, "failed": 0, "dropped": 0}


def test_a_handshake_has_a_time_limit() -> None:
    """A server that accepts and never speaks TLS does not hold the thread."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = url_of(silent.getsockname()[1], "https")
        with webhook(url, timeout_s=HURRIED_S) as running:
            running.send({})
            assert settled(running)["failed"] == 1


def test_a_server_without_tls_is_a_failure() -> None:
    """A URL with https where http is spoken."""
    with receiver(OK) as received, webhook(url_of(received.port, "https")) as running:
        running.send({})
        assert settled(running)["failed"] == 1


def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is a failure, and its reason is told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with webhook(url_of(port), pauses_s=(0,)) as running:
        running.send({})
        assert settled(running)["failed"] == 1
    assert "http://127.0.0.1/… takes no alerts: Connection refused" in caplog.text


def test_a_host_that_never_resolves_is_a_failure() -> None:
    """A name longer than any name can be, which no resolver is asked for."""
    with webhook(url_of(80, host=".".join(["a" * 63] * 5))) as running:
        running.send({})
        assert settled(running)["failed"] == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_has_to_be_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    """An alert is encrypted for whom the system trusts, and is not sent to anybody else."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with receiver(OK) as received:
        received.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        received.context.load_cert_chain(certificate)
        with webhook(url_of(received.port, "https")) as running:
            running.send({})
            assert settled(running)["delivered" if trusted else "failed"] == 1
        assert len(received.requests) == trusted


def test_sending_never_waits_and_the_oldest_are_dropped() -> None:
    """Behind a server that hangs, the latest hundred wait, and the others are counted."""
    released = threading.Event()
    with receiver(lambda _: released.wait(PATIENCE_S)) as received:
        running = Webhook(url_of(received.port), timeout_s=PATIENCE_S)
        running.send({"number": 0})
        wait_until(lambda: len(received.requests) == 1, "the first request", 0.01)
        for number in range(1, 151):
            running.send({"number": number})
        assert running.counts == {"delivered": 0, "failed": 0, "dropped": 50}
        assert not running.close(timeout_s=0)
        assert running.counts["dropped"] == 150
        released.set()


def test_the_latest_alerts_arrive_after_an_outage() -> None:
    """Of more than may wait the oldest are dropped, so that what holds now is told."""
    restored = threading.Event()
    with receiver(lambda _: restored.wait(PATIENCE_S), OK) as received:
        running = Webhook(url_of(received.port), capacity=2, pauses_s=(0,), timeout_s=PATIENCE_S)
        running.send({"number": 0})
        wait_until(lambda: len(received.requests) == 1, "the first request", 0.01)
        for number in range(1, 5):
            running.send({"number": number})
        restored.set()
        assert settled(running, 5) == {"delivered": 3, "failed": 0, "dropped": 2}
        assert running.close(PATIENCE_S)
        assert [json.loads(body)["number"] for body in received.bodies] == [0, 0, 3, 4]


def test_a_stop_ends_a_pause_at_once() -> None:
    """What was being retried is given up, what waits is tried once, and nothing comes after."""
    with receiver(answer(500), OK) as received:
        running = Webhook(url_of(received.port), pauses_s=(AGES_S,), timeout_s=PATIENCE_S)
        running.send({"number": 0})
        running.send({"number": 1})
        wait_until(lambda: len(received.requests) == 1, "the first request", 0.01)
        assert running.close(PATIENCE_S)
        running.send({"number": 2})
        assert running.counts == {"delivered": 1, "failed": 1, "dropped": 1}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, object()])
def test_what_is_no_json_is_counted(value: object) -> None:
    """The caller never hears of it, and the next alert is sent."""
    with receiver(OK) as received, webhook(url_of(received.port)) as running:
        running.send({"value": value})
        running.send({})
        assert settled(running, 2) == {"delivered": 1, "failed": 1, "dropped": 0}


def test_an_outage_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """Neither every attempt nor every alert of it is a line."""
    with (
        receiver(answer(503), answer(500), answer(404), OK, answer(500)) as received,
        webhook(url_of(received.port), pauses_s=(0,)) as running,
    ):
        for _ in range(4):
            running.send({})
        settled(running, 4)
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "the webhook http://127.0.0.1/… takes no alerts: status 503",
        "the webhook http://127.0.0.1/… takes alerts again",
        "the webhook http://127.0.0.1/… takes no alerts: status 500",
    ]


def test_no_diagnostic_shows_the_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """Not even where the server repeats them instead of answering."""
    caplog.set_level(logging.DEBUG)
    echo = endless(f"/{PATH} is what you asked for\r\n", "s3cret\r\n")
    with (
        receiver(echo, answer(500), close, reset) as received,
        webhook(url_of(received.port), pauses_s=(0, 0, 0)) as running,
    ):
        running.send({})
        assert settled(running)["failed"] == 1
    assert "takes no alerts" in caplog.text
    assert "s3cret" not in caplog.text

"""Requests are what their bytes say, their heads and their number are bounded, and none is lost."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from tests.service.http.connecting import GET, Server, get, post, send_until_cut, serve

JAVA = (
    b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAI\r\n"
    b"Upgrade: h2c\r\n"
)
WEBSOCKET = (
    b"Host: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
LENGTH = b"Content-Length: %d\r\n\r\n" % len(GET) + GET
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GET) + GET + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("upgrade", [JAVA, WEBSOCKET], ids=["java", "websocket"])
@pytest.mark.parametrize(
    ("framed", "body"),
    [(b"\r\n", b""), (LENGTH, GET), (CHUNKS, GET)],
    ids=["none", "length", "chunks"],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_request_to_upgrade_is_answered_like_any_other(
    caplog: pytest.LogCaptureFixture, upgrade: bytes, framed: bytes, body: bytes, *, whole: bool
) -> None:
    """Its body is not read as a request, the next one is answered, and nothing is logged."""
    request = b"POST /body HTTP/1.1\r\n" + upgrade + framed

    async def behave(server: Server) -> None:
        client = await server.connect()
        for piece in [request] if whole else [bytes([byte]) for byte in request]:
            client.send(piece)
            await asyncio.sleep(0)
        await client.answered(get(b"/next"))
        await client.answered(b"")

    server = serve(behave)
    asked = [(scope["type"], scope["method"], scope["path"]) for scope in server.scopes]
    assert asked == [("http", "POST", "/body"), ("http", "GET", "/next")]
    assert server.bodies == [body]
    assert server.cuts == {}
    assert caplog.text == ""


def test_several_requests_to_upgrade_are_answered_in_order() -> None:
    """In one segment, with bodies and without."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        with_body = b"POST /body HTTP/1.1\r\n" + JAVA + LENGTH
        client.send((with_body + b"GET / HTTP/1.1\r\n" + JAVA + b"\r\n") * 3)
        for _ in range(6):
            await client.answered(b"")

    server = serve(behave)
    assert [scope["method"] for scope in server.scopes] == ["POST", "GET"] * 3
    assert server.bodies == [GET] * 3
    assert server.cuts == {}


def test_what_follows_connect_is_no_request() -> None:
    """It would be for another host; the answer ends the connection."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        head = b"CONNECT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
        assert b"connection: close\r\n" in await client.answered(head + GET)
        assert await client.until_cut() == b""

    server = serve(behave)
    assert [scope["method"] for scope in server.scopes] == ["CONNECT"]
    assert server.cuts == {}


@pytest.mark.parametrize("later", [GET * 40, b"\x16\x03\x01\x02"], ids=["requests", "TLS"])
def test_what_comes_later_after_connect_is_no_request_either(later: bytes) -> None:
    """While the app is at it, whatever and however much it is."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(b"CONNECT /never HTTP/1.1\r\nHost: x\r\n\r\n")
        await server.begun()
        client.send(later)
        await (await server.connect()).answered()
        assert not client.reader.at_eof()

    server = serve(behave)
    assert [scope["method"] for scope in server.scopes] == ["CONNECT", "GET"]
    assert server.cuts == {}


def test_after_a_request_to_upgrade_the_last_request_is_the_last() -> None:
    """What a client sends after asking to close is no error, as on any other connection."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        upgrade = b"POST /body HTTP/1.1\r\n" + JAVA + LENGTH
        client.send(upgrade + GET[:-2] + b"Connection: close\r\n\r\n" + GET)
        assert (await client.until_cut()).count(b"HTTP/1.1 200") == 2

    assert serve(behave).cuts == {}


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (GET[:-2] + b"a:\r\n" * 15_000, "too many headers"),
        (GET[:-2] + b"a:\r\n" * 101 + b"\r\n", "too many headers"),
        (GET[:-2] + b"a: " + b"v" * 40_000 + b"\r\n\r\n", "unused bytes"),
        (get(b"/" + b"a" * 40_000), "unused bytes"),
        (GET[:-2] + (b"a: " + b"v" * 1000 + b"\r\n") * 40 + b"\r\n", "unused bytes"),
        (get(b"/never") + (GET[:-2] + b"a:\r\n" * 90 + b"\r\n") * 20, "pipelined requests"),
        (b"GET /never HTTP/1.1\r\n\r\n" + b"GET / HTTP/1.1\r\n\r\n" * 34, "pipelined requests"),
    ],
    ids=["endless", "one too many", "a value", "a target", "together", "pipelined", "no headers"],
)
def test_a_head_takes_little_memory(head: bytes, reason: str) -> None:
    """Each header takes memory of its own, however short it is."""
    assert send_until_cut(head) == {reason: 1}


def test_a_head_of_many_headers_and_a_long_one_is_answered() -> None:
    """As proxies send them, with a cookie of 16 KiB, as often as one likes."""
    headers = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(90))
    cookie = b"Cookie: " + b"c" * 16_384 + b"\r\n"

    async def behave(server: Server) -> None:
        client = await server.connect()
        for _ in range(3):
            await client.answered(GET[:-2] + headers + cookie + b"\r\n")

    assert serve(behave).cuts == {}


def test_a_crowd_of_pipelined_requests_is_cut() -> None:
    """Each takes memory before it is its turn; a few are answered in order."""

    async def behave(server: Server) -> None:
        crowd = await server.connect()
        crowd.send(get(b"/never") + GET * 1000)
        await crowd.until_cut()
        few = await server.connect()
        few.send(GET * 3)
        for _ in range(3):
            await few.answered(b"")

    assert serve(behave).cuts == {"pipelined requests": 1}


@pytest.mark.parametrize("whole", [True, False])
def test_what_follows_a_body_is_no_header(*, whole: bool) -> None:
    """Whenever it comes: a key among the trailers would be one or none, as the network likes."""
    head = post(b"Transfer-Encoding: chunked")
    rest = b"1\r\nx\r\n0\r\nAuthorization: Bearer key\r\nExpect: 100-continue\r\n\r\n"

    async def behave(server: Server) -> None:
        client = await server.connect()
        if whole:
            await client.answered(head + rest)
        else:
            client.send(head)
            await server.begun()
            await client.answered(rest)
        await client.answered()

    server = serve(behave)
    names = [[name for name, _ in scope["headers"]] for scope in server.scopes]
    assert names == [[b"host", b"transfer-encoding"], [b"host"]]
    assert server.cuts == {}


@pytest.mark.parametrize("first", [b"/large", b"/pieces"])
@pytest.mark.parametrize("others", [0, 20])
def test_clients_that_leave_print_nothing(
    caplog: pytest.LogCaptureFixture, first: bytes, others: int
) -> None:
    """Neither the request that is being answered nor those behind it fail, or are begun."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.stop_reading()
        client.send(get(first) + GET * others)
        await server.begun()
        client.writer.transport.abort()
        # Whatever was running has ended when others are answered, connection after connection.
        for _ in range(3):
            await (await server.connect()).answered()

    server = serve(behave, uvloop.new_event_loop)
    assert caplog.text == ""
    assert len(server.scopes) <= 2 + 3
    assert server.cuts == {}


EXPECTING = b"Content-Length: 4\r\nExpect: 100-continue"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize("expectation", [b"100-continue", b"100-Continue"])
@pytest.mark.parametrize("framing", [b"Content-Length: 4", CHUNKED])
def test_a_client_that_waits_before_its_body_is_told_to_go_on(
    framing: bytes, expectation: bytes
) -> None:
    """Once the body is asked for; the connection then takes another request."""
    body = b"4\r\nbody\r\n0\r\n\r\n" if framing == CHUNKED else b"body"

    async def behave(server: Server) -> None:
        client = await server.connect()
        for _ in range(2):
            client.send(post(framing + b"\r\nExpect: " + expectation))
            assert await client.reader.readuntil(b"\r\n\r\n") == CONTINUE
            answer = await client.answered(body)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" not in answer

    assert serve(behave).bodies == [b"body"] * 2


@pytest.mark.parametrize("sent_anyway", [b"", b"body", GET])
def test_a_connection_ends_with_an_answer_for_which_no_body_was_asked(sent_anyway: bytes) -> None:
    """The client may leave its body out: what comes next is neither that nor a request."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(post(EXPECTING, b"/"))
        answer = await client.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer
        client.send(sent_anyway)
        await client.until_cut()

    server = serve(behave)
    assert len(server.scopes) == 1
    assert server.cuts == {}


def test_one_that_has_sent_its_body_gets_its_answer_all_the_same() -> None:
    """It need not wait, and may have had no answer to an expectation before."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(post(EXPECTING) + b"body")
        assert await client.reader.readuntil(b"\r\n\r\n") == CONTINUE
        assert (await client.answered(b"")).startswith(b"HTTP/1.1 200 ")
        await client.answered()

    assert serve(behave).bodies == [b"body"]


def test_http_1_0_knows_no_100_continue() -> None:
    """The expectation is ignored, as the standard asks; so is that the connection be kept."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        head = b"POST /body HTTP/1.0\r\nConnection: keep-alive\r\n" + EXPECTING + b"\r\n\r\n"
        client.send(head + b"body")
        answer = await client.until_cut()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer

    assert serve(behave).bodies == [b"body"]

"""Connections are cut where their clients take too long or send too much, and others are served."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

import pytest
import uvloop
from uvicorn import Config
from uvicorn.server import ServerState

from service.http.connections import LimitedConnection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]
    Connect = Callable[[], Awaitable[Client]]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
LARGE = 16 * 1024 * 1024
AGES_S = 1000.0
SOON_S = 0.1


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the cuts of connections that have all the time there is."""
    counted: Counter[str] = Counter()
    monkeypatch.setattr(LimitedConnection, "on_cut", lambda reason: counted.update([reason]))
    monkeypatch.setattr(LimitedConnection, "max_head_s", AGES_S)
    monkeypatch.setattr(LimitedConnection, "max_answer_s", AGES_S)
    return counted


class App:
    """Answers at once, without reading the body; ``/large`` with more than buffers hold."""

    scopes: ClassVar[list[Scope]] = []
    bodies: ClassVar[list[bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.scopes.append(scope)
        if scope["path"] == "/body":
            self.bodies.append(await read(receive))
        if scope["path"] == "/never":
            await asyncio.Future()
        body = b"x" * LARGE if scope["path"] in {"/large", "/unfinished"} else b"fine"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/pieces":
            await send({"type": "http.response.body", "body": b"x" * LARGE, "more_body": True})
        if scope["path"] == "/unfinished":
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await asyncio.Future()
        await send({"type": "http.response.body", "body": body})


async def begun() -> None:
    """Wait until the app has begun to answer something."""
    # Whoever sees to the clients' side shares the loop, so that this takes a few turns of it.
    while not App.scopes:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def read(receive: Receive) -> bytes:
    """Return a whole body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def serve(
    client: Callable[[Connect], Awaitable[None]],
    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> None:
    """Run a client against a server of such connections, on one event loop."""

    async def run() -> None:
        App.scopes.clear()
        App.bodies.clear()
        config = Config(App(), log_config=None, lifespan="off")
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: LimitedConnection(config, state, {}), "127.0.0.1", 0
        )
        host, port = server.sockets[0].getsockname()
        writers: list[asyncio.StreamWriter] = []

        async def connect() -> Client:
            reader, writer = await asyncio.open_connection(host, port)
            writers.append(writer)
            return reader, writer

        try:
            await client(connect)
        finally:
            for writer in writers:
                writer.transport.abort()
            for task in state.tasks:
                task.cancel()
            server.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(run())


async def until_cut(reader: asyncio.StreamReader) -> bytes:
    """Return what still comes before the connection is cut."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def answered(client: Client, request: bytes = GET) -> bytes:
    """Send a request and return the head and body of its answer."""
    reader, writer = client
    writer.write(request)
    return await reader.readuntil(b"fine\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [b"", b"\r\n", b"POST", HEAD, HEAD + b"X-Name", HEAD + b"X: " + b"v" * 1000, GET + HEAD],
    ids=["nothing", "a line end", "a method", "headers", "a name", "a value", "a second request"],
)
def test_a_head_that_never_ends_is_cut(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """However far it has come, and whether or not it is the first of its connection."""
    monkeypatch.setattr(LimitedConnection, "max_head_s", SOON_S)

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(sent)
        await until_cut(reader)

    serve(client)
    assert cuts == {"unfinished head": 1}


def test_a_head_that_trickles_is_cut_all_the_same(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for the whole head: a byte now and then does not extend it."""
    monkeypatch.setattr(LimitedConnection, "max_head_s", SOON_S)

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(HEAD)
        cut = asyncio.ensure_future(until_cut(reader))
        while not (await asyncio.wait([cut], timeout=SOON_S / 10))[0]:
            writer.write(b"a")

    serve(client)
    assert cuts == {"unfinished head": 1}


def test_the_rest_of_a_body_that_was_answered_must_come_in_time(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is sent before the body is read, and the rest is not awaited for ever."""
    monkeypatch.setattr(LimitedConnection, "max_head_s", SOON_S)

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        await answered((reader, writer), HEAD + b"Content-Length: 1000\r\n\r\nx")
        await until_cut(reader)

    serve(client)
    assert cuts == {"unfinished head": 1}


def test_work_on_a_request_is_not_cut(cuts: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the end of its head to the answer, a request has other limits."""
    monkeypatch.setattr(LimitedConnection, "max_head_s", SOON_S)

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
        idle, _ = await connect()
        await until_cut(idle)
        assert not reader.at_eof()
        assert len(App.scopes) == 1

    serve(client)
    assert cuts == {"unfinished head": 1}


def test_an_answer_that_is_not_read_is_cut(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory is free again."""
    monkeypatch.setattr(LimitedConnection, "max_answer_s", SOON_S)

    async def client(connect: Connect) -> None:
        over = asyncio.Event()

        def cut(reason: str) -> None:
            cuts.update([reason])
            over.set()

        monkeypatch.setattr(LimitedConnection, "on_cut", cut)
        reader, writer = await connect()
        # asyncio's own buffer would take the answer from the socket.
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await over.wait()
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await until_cut(reader)) < LARGE

    serve(client)
    assert cuts == {"unread answer": 1}


def test_a_large_answer_that_is_read_comes_whole_and_the_next_one_too(
    cuts: Counter[str],
) -> None:
    """Buffers that fill up and empty again leave the connection as it was."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        for _ in range(2):
            writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            assert len(await reader.readuntil(b"\r\n\r\n")) > 0
            assert len(await reader.readexactly(LARGE)) == LARGE
            await reader.readuntil(b"0\r\n\r\n")
        await answered((reader, writer))

    serve(client)
    assert cuts == {}


@pytest.mark.parametrize(
    "before",
    [
        HEAD + b"X: ",
        HEAD + b"",
        b"GET /",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ",
        b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: ",
        b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    ],
    ids=["value", "name", "target", "answered trailer", "trailer", "chunk extension"],
)
def test_what_the_parser_would_keep_for_ever_is_cut(cuts: Counter[str], before: bytes) -> None:
    """A name, a value, a target or a trailer of megabytes takes no memory of ours."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(before)
        with contextlib.suppress(ConnectionError):
            for _ in range(LARGE // 65536):
                writer.write(b"a" * 65536)
                await writer.drain()
        await until_cut(reader)

    serve(client)
    assert cuts == {"unused bytes": 1}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_any_length_is_not_cut(cuts: Counter[str], *, chunked: bool) -> None:
    """Its limit is the app's, and is told to the client."""
    coding = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % LARGE
    chunk = b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n" if chunked else b"x" * 65536

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"POST /body HTTP/1.1\r\nHost: x\r\n" + coding + b"\r\n\r\n")
        for _ in range(16 if chunked else LARGE // 65536):
            writer.write(chunk)
            await writer.drain()
        await answered((reader, writer), b"0\r\n\r\n" if chunked else b"")
        await answered((reader, writer))

    serve(client)
    assert cuts == {}


def test_a_crowd_of_pipelined_requests_is_cut(cuts: Counter[str]) -> None:
    """Each takes memory before it is its turn; a few are answered in order."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n" + GET * 1000)
        await until_cut(reader)
        few = await connect()
        await answered(few, GET * 3)

    serve(client)
    assert cuts == {"pipelined requests": 1}


@pytest.mark.parametrize(
    "sent", [b"", HEAD, b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx"]
)
def test_many_slow_clients_take_no_place_of_others(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Of too many, the one that has waited longest goes; whoever is being answered stays."""
    monkeypatch.setattr(LimitedConnection, "max_connections", 5)

    async def client(connect: Connect) -> None:
        busy, writer = await connect()
        writer.write(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
        slow = []
        for _ in range(12):
            slow.append(await connect())
            slow[-1][1].write(sent)
            await answered(await connect())
        for reader, _ in slow[:8]:
            await until_cut(reader)
        assert not busy.at_eof()

    serve(client)
    assert set(cuts) == {"too many connections"}


def test_an_upgrade_is_answered_like_any_other_request(
    cuts: Counter[str], caplog: pytest.LogCaptureFixture
) -> None:
    """There are no websockets, and a client that asks for them writes nothing to our log."""
    upgrade = (
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )

    async def client(connect: Connect) -> None:
        await answered(await connect(), upgrade)

    serve(client)
    assert [scope["type"] for scope in App.scopes] == ["http"]
    assert caplog.text == ""
    assert cuts == {}


JAVA = (
    b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAI\r\n"
    b"Upgrade: h2c\r\n"
)
BODIES = {
    "length": b"Content-Length: %d\r\n\r\n" % len(GET) + GET,
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GET) + GET + b"\r\n0\r\n\r\n",
}


@pytest.mark.parametrize(
    "upgrade", [JAVA, b"Host: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"]
)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("whole", [True, False])
def test_the_body_of_a_request_to_upgrade_is_its_body(
    cuts: Counter[str], upgrade: bytes, body: bytes, *, whole: bool
) -> None:
    """It is never read as a request of its own, and the next request is answered."""
    request = b"POST /body HTTP/1.1\r\n" + upgrade + body

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        if whole:
            writer.write(request)
        else:
            for byte in request:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
        await answered((reader, writer), b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"fine\r\n0\r\n\r\n")

    serve(client)
    assert [(scope["method"], scope["path"]) for scope in App.scopes] == [
        ("POST", "/body"),
        ("GET", "/next"),
    ]
    assert App.bodies == [GET]
    assert cuts == {}


def test_several_requests_to_upgrade_are_answered_in_order(cuts: Counter[str]) -> None:
    """In one segment, with bodies and without."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        with_body = b"POST /body HTTP/1.1\r\n" + JAVA + BODIES["length"]
        writer.write((with_body + b"GET / HTTP/1.1\r\n" + JAVA + b"\r\n") * 3)
        for _ in range(6):
            await reader.readuntil(b"fine\r\n0\r\n\r\n")

    serve(client)
    assert [scope["method"] for scope in App.scopes] == ["POST", "GET"] * 3
    assert App.bodies == [GET] * 3
    assert cuts == {}


def test_what_follows_connect_is_no_request(cuts: Counter[str]) -> None:
    """It would be for another host; the answer ends the connection."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"CONNECT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n" + GET)
        assert (await until_cut(reader)).count(b"HTTP/1.1 200") == 1

    serve(client)
    assert [scope["method"] for scope in App.scopes] == ["CONNECT"]
    assert cuts == {}


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (GET[:-2] + b"a:\r\n" * 15_000, "too many headers"),
        (GET[:-2] + b"a:\r\n" * 101 + b"\r\n", "too many headers"),
        (GET[:-2] + b"a: " + b"v" * 40_000 + b"\r\n\r\n", "unused bytes"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "unused bytes"),
        (GET[:-2] + (b"a: " + b"v" * 1000 + b"\r\n") * 40 + b"\r\n", "unused bytes"),
        (
            b"GET /never HTTP/1.1\r\n\r\n" + (GET[:-2] + b"a:\r\n" * 90 + b"\r\n") * 20,
            "pipelined requests",
        ),
        (b"GET /never HTTP/1.1\r\n\r\n" + b"GET / HTTP/1.1\r\n\r\n" * 34, "pipelined requests"),
    ],
    ids=["endless", "one too many", "a value", "a target", "together", "pipelined", "no headers"],
)
def test_a_head_takes_little_memory(cuts: Counter[str], head: bytes, reason: str) -> None:
    """Each header takes memory of its own, however short it is."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(head)
        await until_cut(reader)

    serve(client)
    assert cuts == {reason: 1}


def test_a_head_of_many_headers_and_a_long_one_is_answered(cuts: Counter[str]) -> None:
    """As proxies send them, with a cookie of 16 KiB, as often as one likes."""

    async def client(connect: Connect) -> None:
        headers = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(90))
        cookie = b"Cookie: " + b"c" * 16_384 + b"\r\n"
        client = await connect()
        for _ in range(3):
            await answered(client, GET[:-2] + headers + cookie + b"\r\n")

    serve(client)
    assert cuts == {}


@pytest.mark.parametrize("whole", [True, False])
def test_what_follows_a_body_is_no_header(cuts: Counter[str], *, whole: bool) -> None:
    """Whenever it comes: a key among the trailers would be one or none, as the network likes."""
    head = b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    rest = b"1\r\nx\r\n0\r\nAuthorization: Bearer key\r\nExpect: 100-continue\r\n\r\n"

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        if whole:
            await answered((reader, writer), head + rest)
        else:
            writer.write(head)
            await begun()
            await answered((reader, writer), rest)
        await answered((reader, writer), GET)

    serve(client)
    names = [[name for name, _ in scope["headers"]] for scope in App.scopes]
    assert names == [[b"host", b"transfer-encoding"], [b"host"]]
    assert cuts == {}


@pytest.mark.parametrize("more", [b"", GET, GET * 20])
def test_clients_that_do_not_read_take_no_place_of_others(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch, more: bytes
) -> None:
    """Whether or not they have asked for more: who has kept us waiting the longest goes."""
    monkeypatch.setattr(LimitedConnection, "max_connections", 5)

    async def client(connect: Connect) -> None:
        for _ in range(12):
            _, writer = await connect()
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
            writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" + more)
            for _ in range(3):
                await answered(await connect())

    serve(client)
    assert set(cuts) == {"too many connections"}


def test_a_request_after_an_unread_answer_does_not_make_it_wait_for_ever(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time to read an answer goes on."""
    monkeypatch.setattr(LimitedConnection, "max_answer_s", SOON_S)

    async def client(connect: Connect) -> None:
        over = asyncio.Event()

        def cut(reason: str) -> None:
            cuts.update([reason])
            over.set()

        monkeypatch.setattr(LimitedConnection, "on_cut", cut)
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await begun()
        writer.write(GET)
        await over.wait()

    serve(client)
    assert cuts == {"unread answer": 1}


@pytest.mark.parametrize("first", [b"/large", b"/pieces"])
@pytest.mark.parametrize("others", [0, 20])
def test_clients_that_leave_print_nothing(
    cuts: Counter[str], caplog: pytest.LogCaptureFixture, first: bytes, others: int
) -> None:
    """Neither the request that is being answered nor those behind it fail, or are begun."""

    async def client(connect: Connect) -> None:
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        writer.write(b"GET " + first + b" HTTP/1.1\r\nHost: x\r\n\r\n" + GET * others)
        await begun()
        writer.transport.abort()
        # Whatever was running has ended when others are answered, connection after connection.
        for _ in range(3):
            await answered(await connect())

    serve(client, uvloop.new_event_loop)
    assert caplog.text == ""
    assert len(App.scopes) <= 2 + 3
    assert cuts == {}


@pytest.mark.parametrize(
    "garbage", [b"secret\r\n\r\n", b"\x16\x03\x01\x02", b"GET / FTP/9\r\n\r\n"]
)
def test_garbage_is_refused_and_not_repeated(
    cuts: Counter[str], caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    """It is counted and not printed: anybody may send as much as they like."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(garbage)
        answer = await until_cut(reader)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert garbage.strip() not in answer

    serve(client)
    assert caplog.messages == []
    assert cuts == {"invalid request": 1}


def test_no_process_lets_in_more_than_it_can_open() -> None:
    """Half of its files at most: the other half is for everything else."""
    may_open, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 0 < LimitedConnection.max_connections <= may_open // 2


def test_a_request_that_waited_for_its_turn_is_not_cut(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the one before it does not begin to wait for a head that is there."""
    monkeypatch.setattr(LimitedConnection, "max_head_s", SOON_S)

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        await answered((reader, writer), GET + b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
        idle, _ = await connect()
        await until_cut(idle)
        assert not reader.at_eof()

    serve(client)
    assert cuts == {"unfinished head": 1}


def test_after_a_large_answer_the_next_head_must_come_in_time(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it was read: while it is not, its own time runs."""
    monkeypatch.setattr(LimitedConnection, "max_head_s", SOON_S)

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert len(await until_cut(reader)) > LARGE

    serve(client)
    assert cuts == {"unfinished head": 1}


def test_a_piece_of_an_answer_that_was_read_is_not_waited_for(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next piece may take the app longer than the client had for this one."""
    monkeypatch.setattr(LimitedConnection, "max_answer_s", 10 * SOON_S)

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"GET /unfinished HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await reader.readuntil(b"\r\n")
        await reader.readexactly(LARGE + 2)
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        more = asyncio.ensure_future(reader.read(1))
        while not cuts:  # noqa: ASYNC110 (the server shares the loop)
            await asyncio.sleep(0)
        await answered(await connect())
        assert not more.done()
        more.cancel()

    serve(client)
    assert cuts == {"unread answer": 1}


def test_an_answer_that_is_not_read_is_counted_where_it_is_the_last_one(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is closing then, for as long as its buffer is not empty."""
    monkeypatch.setattr(LimitedConnection, "max_answer_s", SOON_S)

    async def client(connect: Connect) -> None:
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while not cuts:  # noqa: ASYNC110 (the server shares the loop)
            await asyncio.sleep(0)

    serve(client)
    assert cuts == {"unread answer": 1}


def test_of_many_that_come_at_once_each_makes_room(
    cuts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was cut is not cut again for the next."""
    monkeypatch.setattr(LimitedConnection, "max_connections", 5)

    async def client(connect: Connect) -> None:
        clients = await asyncio.gather(*(connect() for _ in range(25)))
        await asyncio.gather(*(until_cut(reader) for reader, _ in clients[:-5]))
        await answered(clients[-1])

    serve(client)
    assert cuts == {"too many connections": 20}


def test_nothing_is_kept_of_a_connection_that_is_gone(cuts: Counter[str]) -> None:
    """No timer holds it until its time is over."""

    async def client(connect: Connect) -> None:
        for _ in range(20):
            _, writer = await connect()
            writer.write(HEAD)
            writer.transport.abort()
        for _ in range(3):
            await answered(await connect())
        gc.collect()
        kept = [one for one in gc.get_objects() if type(one) is LimitedConnection]
        assert len(kept) <= 3

    gc.collect()
    serve(client)
    assert cuts == {}


def test_what_comes_later_after_connect_is_no_request_either(cuts: Counter[str]) -> None:
    """While the app is at it, and however much it is."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        writer.write(b"CONNECT /never HTTP/1.1\r\nHost: x\r\n\r\n")
        await begun()
        writer.write(GET * 3)
        await answered(await connect())
        assert not reader.at_eof()

    serve(client)
    assert [scope["method"] for scope in App.scopes] == ["CONNECT", "GET"]
    assert cuts == {}


def test_after_a_request_to_upgrade_the_last_request_is_the_last(cuts: Counter[str]) -> None:
    """What a client sends after asking to close is no error, as on any other connection."""

    async def client(connect: Connect) -> None:
        reader, writer = await connect()
        upgrade = b"POST /body HTTP/1.1\r\n" + JAVA + BODIES["length"]
        writer.write(upgrade + GET[:-2] + b"Connection: close\r\n\r\n" + GET)
        assert (await until_cut(reader)).count(b"HTTP/1.1 200") == 2

    serve(client)
    assert cuts == {}

"""A server of our connections and its clients, on one event loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from uvicorn import Config
from uvicorn.server import ServerState

from service.http.connections import LimitedConnection
from tests.patience import AGES_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

__all__ = [
    "GET",
    "HEAD",
    "LARGE",
    "Client",
    "Server",
    "get",
    "post",
    "send_until_cut",
    "serve",
]


def get(path: bytes) -> bytes:
    """Return a request without a body."""
    return b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n"


def post(framing: bytes, path: bytes = b"/body") -> bytes:
    """Return the head of a request with a body."""
    return b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n"


GET = get(b"/")
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
LARGE = 16 * 1024 * 1024
"""Bytes, more than buffers hold."""


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose time passes faster where a test says so."""

    passed_s = 0.0

    def time(self) -> float:
        return super().time() + self.passed_s


@dataclass(frozen=True, slots=True)
class Client:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, data: bytes) -> None:
        """Send bytes without waiting."""
        self.writer.write(data)

    async def answered(self, request: bytes = GET) -> bytes:
        """Send a request and return the head and body of its answer."""
        self.send(request)
        return await self.reader.readuntil(b"fine\r\n0\r\n\r\n")

    async def until_cut(self) -> bytes:
        """Return what still comes before the connection is cut."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    def stop_reading(self) -> None:
        """Leave all that comes in the socket: asyncio's own buffer would take it."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's

    def read_on(self) -> None:
        """Read again."""
        self.writer.transport.resume_reading()  # type: ignore[attr-defined]


@dataclass(slots=True)
class Server:
    """An app that notes its requests, and connections that note why they are cut.

    It answers at once, without reading the body: ``/body`` once it has read it, ``/large``,
    ``/pieces`` and ``/unfinished`` with more than buffers hold, of which the last never ends, and
    ``/never`` never.
    """

    scopes: list[Scope] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    cuts: Counter[str] = field(default_factory=Counter)
    was_cut: asyncio.Event = field(default_factory=asyncio.Event)
    address: tuple[str, int] = ("127.0.0.1", 0)
    clients: list[Client] = field(default_factory=list)

    async def connect(self) -> Client:
        """Open a connection."""
        client = Client(*await asyncio.open_connection(*self.address))
        self.clients.append(client)
        return client

    async def begun(self) -> None:
        """Wait until the app has begun to answer something."""
        # Whoever sees to the clients' side shares the loop, so that this takes a few turns of it.
        while not self.scopes:  # noqa: ASYNC110
            await asyncio.sleep(0)

    def let_time_pass(self) -> None:
        """Let the limits of whatever the server waits for be over."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _Loop)
        loop.passed_s += 2 * AGES_S

    def note_cut(self, reason: str) -> None:
        """Count a cut."""
        self.cuts.update([reason])
        self.was_cut.set()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.scopes.append(scope)
        if scope["path"] == "/body":
            self.bodies.append(await _read(receive))
        if scope["path"] == "/never":
            await asyncio.Future()
        body = b"x" * LARGE if scope["path"] == "/large" else b"fine"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] in {"/pieces", "/unfinished"}:
            await send({"type": "http.response.body", "body": b"x" * LARGE, "more_body": True})
        if scope["path"] == "/unfinished":
            await asyncio.Future()
        await send({"type": "http.response.body", "body": body})


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def serve(
    behave: Callable[[Server], Awaitable[None]],
    new_loop: Callable[[], asyncio.AbstractEventLoop] = _Loop,
    *,
    max_head_s: float = AGES_S,
    max_answer_s: float = AGES_S,
    max_connections: int = 100,
) -> Server:
    """Run clients against a server until they are done, and return what it noted."""
    server = Server()
    limits = {
        "max_head_s": max_head_s,
        "max_answer_s": max_answer_s,
        "max_connections": max_connections,
        "on_cut": server.note_cut,
    }
    connection = type("Connection", (LimitedConnection,), limits)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_run(server, connection, behave))
    return server


async def _run(
    server: Server,
    connection: type[LimitedConnection],
    behave: Callable[[Server], Awaitable[None]],
) -> None:
    # uvicorn's own limit, of idle connections, is longer than any of ours.
    config = Config(
        server.app,
        log_config=None,
        lifespan="off",
        interface="asgi3",
        timeout_keep_alive=int(10 * AGES_S),
    )
    state = ServerState()
    listening = await asyncio.get_running_loop().create_server(
        lambda: connection(config, state, {}), *server.address
    )
    server.address = listening.sockets[0].getsockname()
    try:
        await behave(server)
    finally:
        for client in server.clients:
            client.writer.transport.abort()
        for task in state.tasks:
            task.cancel()
        listening.close()


def send_until_cut(data: bytes, *, max_head_s: float = AGES_S) -> Counter[str]:
    """Send bytes, wait until the connection is cut, and return why."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(data)
        await client.until_cut()

    return serve(behave, max_head_s=max_head_s).cuts

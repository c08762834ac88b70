"""The cheap client against real servers on asyncio, well-behaved and not."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from load_tests.wire import WireError
from tests.load_tests.connecting import connections_to
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from load_tests.wire import Connections

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(handle: Handler) -> AsyncIterator[Connections]:
    """Serve on a free port, and yield connections to it."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server, connections_to(server) as connections:
        yield connections


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Return the head and the body of a request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    return head, await reader.readexactly(int(length or 0))


def answer(status: str, body: bytes, header: str = "Content-Length") -> bytes:
    """Return the bytes of an answer."""
    return f"HTTP/1.1 {status}\r\nDate: now\r\n{header}: {len(body)}\r\n\r\n".encode() + body


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with its first line and body, until the client goes."""
    with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head, body = await read_request(reader)
            writer.write(answer("200 OK", head.split(b"\r\n")[0] + b"|" + body))
            await writer.drain()


def test_a_request_arrives_and_its_answer_comes_back() -> None:
    """Path and JSON are what was asked for, and a GET has no body."""

    async def run() -> None:
        async with served(echo) as connections:
            posted = await connections.send(connections.post("/v1/classify", {"text": "grüße"}))
            line, _, body = posted.body.partition(b"|")
            assert posted.ok
            assert line == b"POST /v1/classify HTTP/1.1"
            assert json.loads(body) == {"text": "grüße"}
            assert (
                await connections.send(connections.get("/readyz"))
            ).body == b"GET /readyz HTTP/1.1|"

    asyncio.run(run())


def test_a_server_may_stand_behind_a_prefix_and_a_name() -> None:
    """The path of the address comes before every path, and its host is named."""

    async def host(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        writer.write(answer("200 OK", head))
        writer.close()

    async def run() -> None:
        async with served(host) as connections:
            connections.url = connections.url.replace("127.0.0.1", "localhost") + "/docs/"
            lines = (await connections.send(connections.get("/readyz"))).body.splitlines()
            assert lines[0] == b"GET /docs/readyz HTTP/1.1"
            assert lines[1] == f"Host: {urlsplit(connections.url).netloc}".encode()

    asyncio.run(run())


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    """The request fails, and the next one does not wait behind it."""
    silent = True

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if silent:
            await reader.read()  # ends when the client has closed the connection
            writer.close()
        else:
            await echo(reader, writer)

    async def run() -> None:
        nonlocal silent
        async with served(handle) as connections:
            connections.timeout_s = 0.05
            with pytest.raises(WireError, match=r"no answer within 0\.05 s"):
                await connections.send(connections.get("/"))
            silent = False
            connections.timeout_s = None
            assert (await connections.send(connections.get("/"))).ok

    asyncio.run(run())


def test_an_answer_may_come_byte_by_byte() -> None:
    """How an answer is split into packets, and how its headers are written, does not matter."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in answer("503 Service Unavailable", b"two\r\n\r\nparts", "content-length"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    async def run() -> None:
        async with served(drip) as connections:
            received = await connections.send(connections.get("/"))
            assert (received.status, received.ok) == (503, False)
            assert received.body == b"two\r\n\r\nparts"

    asyncio.run(run())


def test_an_answer_may_come_in_chunks() -> None:
    """Chunks are joined, however they are split into packets."""

    async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await read_request(reader)
                for part in (head, b"5\r\none, \r\n", b"B\r\ntwo", b" parts..\r\n", b"0\r\n\r\n"):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.001)

    async def run() -> None:
        async with served(chunked) as connections:
            for _ in range(2):
                assert (await connections.send(connections.get("/"))).body == b"one, two parts.."

    asyncio.run(run())


def test_connections_are_kept_and_opened_as_needed() -> None:
    """One request after another takes one connection, and two at once take two."""
    opened = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        await echo(reader, writer)

    async def run() -> None:
        async with served(count) as connections:
            for _ in range(5):
                await connections.send(connections.get("/"))
            assert opened == 1
            await asyncio.gather(
                connections.send(connections.get("/a")), connections.send(connections.get("/b"))
            )
            assert opened == 2

    asyncio.run(run())


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    """A server may close what it has answered on; the next request opens another one."""
    closed: asyncio.Queue[None] = asyncio.Queue()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await read_request(reader)
            writer.write(answer("200 OK", b"once"))
            writer.write_eof()
            await reader.read()  # ends when the client has closed its side too
            closed.put_nowait(None)

    async def run() -> None:
        async with served(once) as connections:
            for _ in range(3):
                assert (await connections.send(connections.get("/"))).body == b"once"
                await asyncio.wait_for(closed.get(), PATIENCE_S)

    asyncio.run(run())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nDate: now\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_an_incomplete_answer_is_an_error(sent: bytes) -> None:
    """A server that closes the connection too early ends the wait."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(sent)
        writer.close()

    async def run() -> None:
        async with served(cut) as connections:
            with pytest.raises(WireError):
                await asyncio.wait_for(connections.send(connections.get("/")), PATIENCE_S)

    asyncio.run(run())


def test_a_server_that_is_not_there_is_an_error() -> None:
    """A refused connection is said to be one."""

    async def run() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with connections_to(server) as connections:
            server.close()
            await server.wait_closed()
            with pytest.raises(WireError, match="not reachable"):
                await connections.send(connections.get("/"))

    asyncio.run(run())

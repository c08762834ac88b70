"""The cheap client against real servers on asyncio, well-behaved and not."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING

import pytest

from load_tests.wire import Address, Connections, WireError, get, post
from tests.load_tests.connecting import connections_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(handle: Handler) -> AsyncIterator[Connections]:
    """Serve on a free port, and give connections to it."""
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server, connections_to(Address(*server.sockets[0].getsockname())) as connections:
        yield connections


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Give the head and the body of a request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
    return head, await reader.readexactly(int(length or 0))


def answer(status: str, body: bytes, header: str = "Content-Length") -> bytes:
    """Give the bytes of an answer."""
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
            posted = await connections.send(post("/v1/classify", {"text": "grüße"}))
            line, _, body = posted.body.partition(b"|")
            assert posted.ok
            assert line == b"POST /v1/classify HTTP/1.1"
            assert json.loads(body) == {"text": "grüße"}
            assert (await connections.send(get("/readyz"))).body == b"GET /readyz HTTP/1.1|"

    asyncio.run(run())


def test_an_answer_may_come_byte_by_byte() -> None:
    """How an answer is cut into packets, and how its headers are written, does not matter."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in answer("503 Service Unavailable", b"two\r\n\r\nparts", "content-length"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    async def run() -> None:
        async with served(drip) as connections:
            received = await connections.send(get("/"))
            assert (received.status, received.ok) == (503, False)
            assert received.body == b"two\r\n\r\nparts"

    asyncio.run(run())


def test_an_answer_may_come_in_chunks() -> None:
    """Where its length is not said beforehand, its parts are joined, however they are cut."""

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
                assert (await connections.send(get("/"))).body == b"one, two parts.."

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
                await connections.send(get("/"))
            assert opened == 1
            await asyncio.gather(connections.send(get("/a")), connections.send(get("/b")))
            assert opened == 2

    asyncio.run(run())


def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    """A server may close what it has answered on; the next request opens another one."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer("200 OK", b"once"))
        writer.close()
        await writer.wait_closed()

    async def run() -> None:
        async with served(once) as connections:
            for _ in range(3):
                assert (await connections.send(get("/"))).body == b"once"
                await asyncio.sleep(0.05)  # the loop hears of the end

    asyncio.run(run())


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nDate: now\r\n\r\n"]
)
def test_an_answer_that_is_cut_short_is_an_error(sent: bytes) -> None:
    """Nothing waits for ever for what will not come, or for a length that was not said."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(sent)
        writer.close()

    async def run() -> None:
        async with served(cut) as connections:
            with pytest.raises(WireError):
                await asyncio.wait_for(connections.send(get("/")), 10)

    asyncio.run(run())


def test_a_server_that_is_not_there_is_an_error() -> None:
    """A refused connection is said with its address."""

    async def run() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        address = Address(*server.sockets[0].getsockname())
        server.close()
        await server.wait_closed()
        async with connections_to(address) as connections:
            with pytest.raises(WireError, match=f"127.0.0.1:{address.port} is not reachable"):
                await connections.send(get("/"))

    asyncio.run(run())

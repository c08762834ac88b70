"""Connections are cut where their clients take too long or send too much, and others are served."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource

import pytest

from service.http.connections import LimitedConnection
from tests.service.http.connecting import (
    GET,
    HEAD,
    LARGE,
    Server,
    get,
    post,
    send_until_cut,
    serve,
)

SOON_S = 0.1
CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    "sent",
    [b"", b"\r\n", b"POST", HEAD, HEAD + b"X-Name", HEAD + b"X: " + b"v" * 1000, GET + HEAD],
    ids=["nothing", "a line end", "a method", "headers", "a name", "a value", "a second request"],
)
def test_a_head_that_never_ends_is_cut(sent: bytes) -> None:
    """However far it has come, and whether or not it is the first of its connection."""
    assert send_until_cut(sent, max_head_s=SOON_S) == {"unfinished head": 1}


def test_a_head_that_trickles_is_cut_all_the_same() -> None:
    """The limit is for the whole head: a byte now and then does not extend it."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(HEAD)
        cut = asyncio.ensure_future(client.until_cut())
        while not (await asyncio.wait([cut], timeout=SOON_S / 10))[0]:
            client.send(b"a")

    assert serve(behave, max_head_s=SOON_S).cuts == {"unfinished head": 1}


def test_the_rest_of_a_body_that_was_answered_must_come_in_time() -> None:
    """A refusal is sent before the body is read, and the rest is not awaited for ever."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        await client.answered(post(b"Content-Length: 1000", b"/") + b"x")
        server.let_time_pass()
        await (await server.connect()).answered()
        assert client.reader.at_eof()

    assert serve(behave).cuts == {"unfinished head": 1}


def test_work_on_a_request_is_not_cut() -> None:
    """From the end of its head to the answer, a request has other limits."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(get(b"/never"))
        await server.begun()
        server.let_time_pass()
        await (await server.connect()).answered()
        assert not client.reader.at_eof()

    assert serve(behave).cuts == {}


def test_a_request_that_waited_for_its_turn_is_not_cut() -> None:
    """The answer to the one before it does not begin to wait for a head that is there."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        await client.answered(GET + get(b"/never"))
        server.let_time_pass()
        await (await server.connect()).answered()
        assert not client.reader.at_eof()

    assert serve(behave).cuts == {}


def test_after_a_large_answer_the_next_head_must_come_in_time() -> None:
    """Once it was read: while it is not, its own time runs."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(get(b"/large"))
        await client.reader.readuntil(b"\r\n\r\n")
        assert len(await client.reader.readexactly(LARGE)) == LARGE
        await client.reader.readuntil(b"0\r\n\r\n")
        server.let_time_pass()
        await (await server.connect()).answered()
        assert client.reader.at_eof()

    assert serve(behave).cuts == {"unfinished head": 1}


@pytest.mark.parametrize("more", [b"", GET])
def test_an_answer_that_is_not_read_is_cut(more: bytes) -> None:
    """Its memory is free again, and another request does not extend the time to read it."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.stop_reading()
        client.send(get(b"/large"))
        await server.begun()
        client.send(more)
        await server.was_cut.wait()
        client.read_on()
        assert len(await client.until_cut()) < LARGE

    assert serve(behave, max_answer_s=SOON_S).cuts == {"unread answer": 1}


def test_an_answer_that_is_not_read_is_counted_where_it_is_the_last_one() -> None:
    """The connection is closing then, for as long as its buffer is not empty."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.stop_reading()
        client.send(get(b"/large")[:-2] + b"Connection: close\r\n\r\n")
        await server.was_cut.wait()

    assert serve(behave, max_answer_s=SOON_S).cuts == {"unread answer": 1}


def test_a_piece_of_an_answer_that_was_read_is_not_waited_for() -> None:
    """The next piece may take the app longer than the client had for this one."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(get(b"/unfinished"))
        await client.reader.readuntil(b"\r\n\r\n")
        await client.reader.readuntil(b"\r\n")
        await client.reader.readexactly(LARGE + 2)
        server.let_time_pass()
        await (await server.connect()).answered()
        assert not client.reader.at_eof()

    assert serve(behave).cuts == {}


def test_a_large_answer_that_is_read_comes_whole_and_the_next_one_too() -> None:
    """Buffers that fill up and empty again leave the connection as it was."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        for _ in range(2):
            client.send(get(b"/large"))
            assert len(await client.reader.readuntil(b"\r\n\r\n")) > 0
            assert len(await client.reader.readexactly(LARGE)) == LARGE
            await client.reader.readuntil(b"0\r\n\r\n")
        await client.answered()

    assert serve(behave).cuts == {}


@pytest.mark.parametrize(
    "before",
    [
        HEAD + b"X: ",
        HEAD,
        b"GET /",
        post(CHUNKED, b"/") + b"0\r\nX: ",
        post(CHUNKED) + b"1\r\nx\r\n0\r\nX: ",
        post(CHUNKED) + b"1;",
    ],
    ids=["value", "name", "target", "answered trailer", "trailer", "chunk extension"],
)
def test_what_the_parser_would_keep_for_ever_is_cut(before: bytes) -> None:
    """A name, a value, a target or a trailer of megabytes takes no memory of ours."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(before)
        with contextlib.suppress(ConnectionError):
            for _ in range(LARGE // 65536):
                client.send(b"a" * 65536)
                await client.writer.drain()
        await client.until_cut()

    assert serve(behave).cuts == {"unused bytes": 1}


@pytest.mark.parametrize(
    ("framing", "piece", "end"),
    [
        (b"Content-Length: 16000000", b"x" * 1_000_000, b""),
        (CHUNKED, b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n", b"0\r\n\r\n"),
    ],
    ids=["length", "chunks"],
)
def test_a_body_of_any_length_is_not_cut(framing: bytes, piece: bytes, end: bytes) -> None:
    """Its limit is the app's, and is told to the client."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(post(framing))
        for _ in range(16):
            client.send(piece)
            await client.writer.drain()
        await client.answered(end)
        await client.answered()

    assert serve(behave).cuts == {}


@pytest.mark.parametrize("sent", [b"", HEAD, post(b"Content-Length: 99") + b"x"])
def test_many_slow_clients_take_no_place_of_others(sent: bytes) -> None:
    """Of too many, the one that has waited longest goes; whoever is being answered stays."""

    async def behave(server: Server) -> None:
        busy = await server.connect()
        busy.send(get(b"/never"))
        slow = []
        for _ in range(12):
            slow.append(await server.connect())
            slow[-1].send(sent)
            await (await server.connect()).answered()
        for client in slow[:8]:
            await client.until_cut()
        assert not busy.reader.at_eof()

    assert set(serve(behave, max_connections=5).cuts) == {"too many connections"}


def test_of_many_that_come_at_once_each_makes_room() -> None:
    """One that was cut is not cut again for the next."""

    async def behave(server: Server) -> None:
        clients = await asyncio.gather(*(server.connect() for _ in range(25)))
        await asyncio.gather(*(client.until_cut() for client in clients[:-5]))
        await clients[-1].answered()

    assert serve(behave, max_connections=5).cuts == {"too many connections": 20}


@pytest.mark.parametrize("sent", [GET + HEAD, get(b"/large")], ids=["asking", "not reading"])
def test_nothing_is_kept_of_a_connection_that_is_gone(sent: bytes) -> None:
    """No timer holds it until its time is over, neither ours nor uvicorn's."""

    async def behave(server: Server) -> None:
        for _ in range(20):
            client = await server.connect()
            client.send(sent)
            await client.reader.readuntil(b"\r\n\r\n")
            client.writer.transport.abort()
        for _ in range(3):
            await (await server.connect()).answered()
        gc.collect()
        kept = [one for one in gc.get_objects() if issubclass(type(one), LimitedConnection)]
        assert len(kept) <= 3

    gc.collect()
    assert serve(behave).cuts == {}


@pytest.mark.parametrize("more", [b"", GET, GET * 20])
def test_clients_that_do_not_read_take_no_place_of_others(more: bytes) -> None:
    """Whether or not they have asked for more: who has kept us waiting the longest goes."""

    async def behave(server: Server) -> None:
        for _ in range(12):
            client = await server.connect()
            client.stop_reading()
            client.send(get(b"/large") + more)
            for _ in range(3):
                await (await server.connect()).answered()

    assert set(serve(behave, max_connections=5).cuts) == {"too many connections"}


@pytest.mark.parametrize(
    "garbage", [b"secret\r\n\r\n", b"\x16\x03\x01\x02", b"GET / FTP/9\r\n\r\n"]
)
def test_garbage_is_refused_and_not_repeated(
    caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    """It is counted and not printed: anybody may send as much as they like."""

    async def behave(server: Server) -> None:
        client = await server.connect()
        client.send(garbage)
        answer = await client.until_cut()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert garbage.strip() not in answer

    assert serve(behave).cuts == {"invalid request": 1}
    assert caplog.messages == []


def test_no_process_lets_in_more_than_it_can_open() -> None:
    """Half of its files at most: the other half is for everything else."""
    may_open, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 0 < LimitedConnection.max_connections <= may_open // 2

"""Bodies are read within their limit, and as JSON and nothing else."""

from __future__ import annotations

import asyncio
import gc
import math
import threading
import time
from contextlib import AsyncExitStack
from gzip import compress
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request

from service.errors import (
    BodyTimeout,
    DeadlinePassed,
    Malformed,
    Overloaded,
    TooLarge,
    Unavailable,
    UnsupportedEncoding,
)
from service.http.bodies import MAX_BODIES, Bodies, beside_the_loop, parse_json
from service.http.encodings import MAX_PIECE_BYTES
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from starlette.types import Message

CANARY = "canary-7391"


class Wire:
    """A request whose chunks are counted as they are read."""

    def __init__(
        self, *chunks: bytes, announced: object = None, encoding: str | None = None
    ) -> None:
        self.chunks = list(chunks)
        self.read = 0
        named = {b"content-length": announced, b"content-encoding": encoding}
        self.headers = [(name, str(value).encode()) for name, value in named.items() if value]

    async def receive(self) -> Message:
        """Return the next chunk; after the last one, unless it ends the body, wait for ever."""
        if self.read == len(self.chunks):
            return await asyncio.Future()
        chunk = self.chunks[self.read]
        self.read += 1
        return {"type": "http.request", "body": chunk, "more_body": self.read < len(self.chunks)}

    @property
    def request(self) -> Request:
        """The request that the chunks belong to."""
        return Request({"type": "http", "headers": self.headers}, self.receive)

    def json(self, max_bytes: int = 1000) -> object:
        """Read the body, and parse it."""

        async def read() -> object:
            bodies = Bodies(max_bytes)
            async with bodies.read(self.request, math.inf) as body:
                return parse_json(body, bodies.max_values)

        return asyncio.run(read())


class Endless(Wire):
    """A request whose body never ends."""

    async def receive(self) -> Message:
        """Return the next chunk, and after the last one nothing."""
        return {**await super().receive(), "more_body": True}


def test_a_body_is_parsed_however_it_is_cut() -> None:
    """Chunks are joined before they are read as JSON."""
    assert Wire(b'{"text": "n\xc3', b'\xa9"', b"}").json() == {"text": "né"}


def test_a_body_that_announces_too_much_is_refused_unread() -> None:
    """Nothing of it is received at all."""
    wire = Wire(b"x" * 2000, announced=2000)
    with pytest.raises(TooLarge, match="larger than 1000 bytes"):
        wire.json()
    assert wire.read == 0


def test_a_body_that_grows_too_large_is_cut_off() -> None:
    """Without a length, or with a false one, reading stops at the limit."""
    for announced in (None, 10):
        wire = Wire(*[b"x" * 400] * 50, announced=announced)
        with pytest.raises(TooLarge):
            wire.json()
        assert wire.read == 3


def test_a_body_at_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    body = b'"' + b"x" * 998 + b'"'
    assert Wire(body, announced=len(body)).json() == "x" * 998


@pytest.mark.parametrize("announced", ["-1", "many", "1e9", "9" * 5000])
def test_a_strange_length_is_no_error_of_ours(announced: str) -> None:
    """It is ignored or over the limit, never a failure."""
    wire = Wire(b"{}", announced=announced)
    if announced.isdecimal():
        with pytest.raises(TooLarge):
            wire.json()
    else:
        assert wire.json() == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1} x',
        b"\xff\xfe\xff",
        b'{"a": "\xff"}',
        b"[" * 500,
        CANARY.encode(),
        b'{"' + CANARY.encode(),
    ],
)
def test_what_is_not_json_is_malformed_and_not_quoted(body: bytes) -> None:
    """NaN and Infinity are not JSON; the message never holds a piece of the body."""
    with pytest.raises(Malformed) as caught:
        Wire(body).json()
    assert str(caught.value) == "the body is not JSON"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("number", "read"),
    [
        (b"9" * 900_000, math.inf),
        (b"-" + b"9" * 5000, -math.inf),
        (b"9" * 4000, int("9" * 4000)),
        (b"1e400", math.inf),
        (b"-1e-400", 0.0),
        (b"12", 12),
    ],
)
def test_a_number_of_any_length_is_json(number: bytes, read: float) -> None:
    """Those beyond every double are infinite, whichever way they are written."""
    body = b'{"a": ' + number + b"}"
    assert Wire(body).json(max_bytes=1_000_000) == {"a": read}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 1}',
        b'{"b": [{"CANARY": 1, "a": 2, "CANARY": 3}]}',
        b'{"a": 1, "\\u0061": 2}',
    ],
)
def test_a_key_that_is_named_twice_is_malformed(body: bytes) -> None:
    """Readers do not agree about which value counts, so it is refused; no key is quoted."""
    with pytest.raises(Malformed) as caught:
        Wire(body).json()
    assert str(caught.value) == "an object in the body names a key twice"


def test_a_key_may_come_again_in_another_object() -> None:
    """Each object has keys of its own."""
    assert Wire(b'[{"a": {"a": 1}}, {"a": 2}]').json() == [{"a": {"a": 1}}, {"a": 2}]


def test_endless_nesting_is_malformed() -> None:
    """It does not take the worker's stack with it."""
    with pytest.raises(Malformed):
        Wire(b"[" * 500_000 + b"]" * 500_000).json(max_bytes=5_000_000)


def values(*pieces: bytes, times: int) -> bytes:
    """Return a list of these pieces of JSON, over and over."""
    return b"[" + b",".join([*pieces] * times) + b"]"


@pytest.mark.parametrize(
    "piece",
    [
        b"[]",
        b"{}",
        b"0",
        b'""',
        b"[[]]",
        b'{"":[]}',
        b'"\\\\",[]',
        b'"\\""',
        b'"a,[{"',
        b"null ,\n1",
    ],
)
def test_a_body_of_too_many_values_is_refused_unparsed(piece: bytes) -> None:
    """Each takes memory and time, however short it is, and whatever texts stand between them."""
    with pytest.raises(TooLarge, match="more than 65536 values"):
        parse_json(values(piece, times=70_000), 65_536)
    parse_json(values(piece, times=20_000), 65_536)


def test_a_body_of_too_many_texts_is_refused_unparsed() -> None:
    """Also where nothing is between them, which is no JSON."""
    with pytest.raises(TooLarge):
        parse_json(b'","' * 300_000, 65_536)


@pytest.mark.parametrize(
    "text",
    [b"," * 400_000, b"[{" * 200_000, b'\\",' * 130_000, b"\\\\," * 130_000, b'\\\\\\",' * 80_000],
    ids=["commas", "brackets", "quotes", "backslashes", "both"],
)
def test_a_text_may_hold_what_separates_values(text: bytes) -> None:
    """It is one value, in which quotes are escaped."""
    parsed = parse_json(b'{"' + text + b'": ["' + text + b'", ",[{", "\\\\", ","]}', 65_536)
    assert isinstance(parsed, dict)
    assert len(next(iter(parsed.values()))) == 4


def test_a_body_as_full_of_names_as_it_can_be_is_read() -> None:
    """The shortest names that differ, with the shortest values."""
    names = b",".join(b'"%x":0' % number for number in range(300_000))
    parsed = Wire(b"{" + names + b"}").json(max_bytes=4 * 1024 * 1024)
    assert isinstance(parsed, dict)
    assert len(parsed) == 300_000


# Time and memory.


def test_one_large_body_is_worked_on_at_a_time_and_others_until_their_deadline() -> None:
    """A small one does not wait for them, and none is held after its deadline."""
    bodies = Bodies(100_000)
    large = b"x" * 50_000

    async def read() -> None:
        async with bodies.read(Wire(large).request, math.inf):
            with pytest.raises(DeadlinePassed):
                await held(bodies.read(Wire(large).request, time.monotonic() + 0.01))
            assert bodies.held_bytes == len(large)
            assert await held(bodies.read(Wire(b"{}").request, time.monotonic() - 1)) == 2
        assert await held(bodies.read(Wire(large).request, math.inf)) == len(large)
        with pytest.raises(DeadlinePassed):
            async with bodies.read(Wire(large).request, time.monotonic() + 0.01):
                await asyncio.Future()

    async def held(reading: AbstractAsyncContextManager[bytearray]) -> int:
        async with reading as body:
            return len(body)

    asyncio.run(read())
    assert bodies.held_bytes == 0


@pytest.mark.parametrize("chunks", [[], [b"{"], [b'{"a": "', b"x" * 400]])
def test_a_body_that_never_ends_is_given_up(chunks: list[bytes]) -> None:
    """However much of it has come, it is refused in time, and nothing of it is kept."""
    bodies = Bodies(1000, max_s=0.01)

    async def read(wire: Wire) -> int:
        async with bodies.read(wire.request, math.inf) as body:
            return len(body)

    with pytest.raises(BodyTimeout, match=r"longer than 0\.01 s"):
        asyncio.run(read(Endless(*chunks)))
    assert bodies.held_bytes == 0
    assert asyncio.run(read(Wire(b"{}"))) == 2


def test_all_bodies_together_are_bounded() -> None:
    """Those that are held leave no room for one more, which may come again when they are gone."""
    bodies = Bodies(1000)

    async def fill() -> None:
        async with AsyncExitStack() as held:
            for _ in range(MAX_BODIES):
                await held.enter_async_context(bodies.read(Wire(b"x" * 1000).request, math.inf))
            with pytest.raises(Overloaded):
                await held.enter_async_context(bodies.read(Wire(b"x").request, math.inf))
            assert bodies.held_bytes == MAX_BODIES * 1000
        async with bodies.read(Wire(b"{}").request, math.inf) as body:
            assert body == b"{}"

    asyncio.run(fill())
    assert bodies.held_bytes == 0


@pytest.mark.parametrize("chunk", [b"x" * 2000, b"x"])
def test_whatever_goes_wrong_a_body_is_not_held_for_ever(chunk: bytes) -> None:
    """Too large, or failing in what is done with it: its memory is free again."""
    bodies = Bodies(1000)

    async def fail() -> None:
        async with bodies.read(Wire(chunk).request, math.inf):
            raise Malformed

    with pytest.raises((Malformed, TooLarge)):
        asyncio.run(fail())
    assert bodies.held_bytes == 0


@pytest.mark.parametrize(("size_bytes", "beside"), [(100, False), (1_000_000, True)])
def test_only_a_large_body_is_worked_on_beside_the_loop(size_bytes: int, *, beside: bool) -> None:
    """A small one is not worth the way to another thread and back."""
    thread = asyncio.run(beside_the_loop(size_bytes, threading.get_ident))
    assert (thread != threading.get_ident()) is beside


def test_the_collector_rests_during_a_large_body_and_goes_on_after_it() -> None:
    """Also where the body turns out to be none."""
    assert not asyncio.run(beside_the_loop(1_000_000, gc.isenabled))
    assert gc.isenabled()
    with pytest.raises(Malformed):
        asyncio.run(beside_the_loop(1_000_000, parse_json, b"{", 1))
    assert gc.isenabled()


@pytest.mark.parametrize("chunks", [(), (b"{",), (b"x" * 900,)])
def test_what_has_not_arrived_at_the_end_never_will(chunks: tuple[bytes, ...]) -> None:
    """However long a body might take, a stop does not wait for it; one that came is kept."""

    async def scenario() -> None:
        bodies = Bodies(1000, max_s=math.inf)

        async def read(wire: Wire) -> None:
            async with bodies.read(wire.request, math.inf) as body:
                bodies.end()
                assert body == b"{}"

        async with asyncio.timeout(PATIENCE_S):
            slow = asyncio.create_task(read(Endless(*chunks)))
            # The slow one has begun when the other runs, which ends both.
            await asyncio.create_task(read(Wire(b"{}")))
            with pytest.raises(Unavailable, match="has not arrived"):
                await slow
        assert bodies.held_bytes == 0

    asyncio.run(scenario())


# Compressed bodies.

MAX_BYTES = 100_000
BOMB = compress(bytes(20_000_000))
NOISE = b"".join(sha256(b"%d" % number).digest() for number in range(MAX_BYTES // 32))


class Watched(Bodies):
    """Bodies that remember how much they have held at most."""

    max_held_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Return what is held now."""
        return self._held_bytes

    @held_bytes.setter
    def held_bytes(self, held_bytes: int) -> None:
        self._held_bytes = held_bytes
        self.max_held_bytes = max(self.max_held_bytes, held_bytes)


async def read_whole(bodies: Bodies, wire: Wire) -> bytes:
    """Return a body, and check that what is counted is what is held."""
    async with bodies.read(wire.request, math.inf) as body:
        assert bodies.held_bytes == len(body) + sum(map(len, wire.chunks))
        return bytes(body)


def cut(data: bytes, size: int) -> list[bytes]:
    """Return chunks of this size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 1024, MAX_BYTES])
@pytest.mark.parametrize("content", [b"{}", b"", b" " * MAX_BYTES, NOISE[:50_000]])
def test_gzip_is_decompressed_however_it_is_cut(content: bytes, size: int) -> None:
    """Small or large, of one member or of two, in chunks of any size: the same bytes."""
    half = len(content) // 2
    for gzip in (compress(content), compress(content[:half]) + compress(content[half:])):
        bodies = Watched(MAX_BYTES)
        wire = Wire(*cut(gzip, size), encoding="gzip")
        assert asyncio.run(read_whole(bodies, wire)) == content
        assert bodies.held_bytes == 0


def test_a_bomb_is_refused_before_it_is_whole() -> None:
    """Of 20 MB in 20 kB no more is held than the limit and a piece."""
    bodies = Watched(MAX_BYTES)
    with pytest.raises(TooLarge, match="the decompressed body is larger than 100000 bytes"):
        asyncio.run(read_whole(bodies, Wire(*cut(BOMB, 4096), encoding="gzip")))
    assert MAX_BYTES < bodies.max_held_bytes <= MAX_BYTES + MAX_PIECE_BYTES + len(BOMB)
    assert bodies.held_bytes == 0


def test_both_limits_are_allowed_and_a_byte_more_is_not() -> None:
    """Decompressed bytes have the limit of plain ones; and compressed ones have it too."""
    bodies = Bodies(MAX_BYTES)
    for content in (b" " * MAX_BYTES, NOISE[: MAX_BYTES - 1000]):
        assert asyncio.run(read_whole(bodies, Wire(compress(content), encoding="gzip"))) == content
    for gzip in (compress(b" " * (MAX_BYTES + 1)), compress(NOISE), compress(b"") * 6000):
        with pytest.raises(TooLarge):
            asyncio.run(read_whole(bodies, Wire(gzip, encoding="gzip")))
    assert bodies.held_bytes == 0


def test_a_compressed_body_that_announces_too_much_is_refused_unread() -> None:
    """What is announced are compressed bytes."""
    wire = Wire(compress(b"{}"), announced=2000, encoding="gzip")
    with pytest.raises(TooLarge, match="the body is larger than 1000 bytes"):
        wire.json()
    assert wire.read == 0


@pytest.mark.parametrize("content", [b"{}", NOISE[:60_000]], ids=["small", "large"])
@pytest.mark.parametrize("damage", ["short", "corrupt", "followed"])
def test_what_is_not_gzip_to_its_end_is_malformed(content: bytes, damage: str) -> None:
    """Nothing of it is parsed, and nothing is kept."""
    gzip = compress(content)
    sent = {
        "short": gzip[:-1],
        "corrupt": gzip[:-8] + bytes(4) + gzip[-4:],
        "followed": gzip + CANARY.encode(),
    }[damage]
    bodies = Bodies(MAX_BYTES)
    with pytest.raises(Malformed) as caught:
        asyncio.run(read_whole(bodies, Wire(sent, encoding="gzip")))
    assert CANARY not in str(caught.value)
    assert bodies.held_bytes == 0


def test_another_encoding_is_refused_unread() -> None:
    """Also where the body would be too large, or is not there."""
    for announced in (None, 10, 5000):
        wire = Wire(b"{}", announced=announced, encoding="br")
        with pytest.raises(UnsupportedEncoding, match="is br, expected gzip or none"):
            wire.json()
        assert wire.read == 0


@pytest.mark.parametrize("content", [BOMB, compress(b"") * 4000], ids=["a bomb", "empty members"])
def test_others_go_on_while_a_body_is_decompressed(content: bytes) -> None:
    """Between a few pieces and the next ones everybody else has a turn."""
    turns = 0

    async def scenario() -> None:
        bodies = Bodies(10_000_000)

        async def count() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        counting = asyncio.create_task(count())
        try:
            await read_whole(bodies, Wire(content, encoding="gzip"))
        except TooLarge:
            pass
        finally:
            counting.cancel()

    asyncio.run(scenario())
    assert turns > 30


def test_a_large_body_of_few_bytes_waits_for_its_turn_like_any_other() -> None:
    """Compressed it takes no room, and decompressed there is one at a time."""
    bodies = Bodies(MAX_BYTES)
    gzip = compress(b" " * MAX_BYTES)

    async def scenario() -> None:
        async with bodies.read(Wire(b"x" * 50_000).request, math.inf):
            deadline = time.monotonic() + 0.01
            with pytest.raises(DeadlinePassed):
                async with bodies.read(Wire(gzip, encoding="gzip").request, deadline):
                    pass
            assert bodies.held_bytes == 50_000
            assert await read_small(Wire(compress(b"{}"), encoding="gzip")) == b"{}"

    async def read_small(wire: Wire) -> bytes:
        async with bodies.read(wire.request, time.monotonic() - 1) as body:
            return bytes(body)

    asyncio.run(scenario())
    assert bodies.held_bytes == 0


def test_a_compressed_body_that_never_ends_holds_what_was_sent() -> None:
    """A client that waits takes no more memory than its bytes, whatever they stand for."""
    bodies = Bodies(MAX_BYTES)

    async def scenario() -> None:
        wire = Endless(BOMB[:1000], encoding="gzip")
        reading = asyncio.create_task(read_whole(bodies, wire))
        while wire.read == 0 or bodies.held_bytes == 0:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert bodies.held_bytes == 1000
        bodies.end()
        with pytest.raises(Unavailable):
            await reading

    asyncio.run(scenario())
    assert bodies.held_bytes == 0

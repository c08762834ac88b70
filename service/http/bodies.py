"""Read a request's body within limits of size, time and memory, plain or as gzip, and as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar

from service.errors import BodyTimeout, Malformed, Overloaded, TooLarge, Unavailable
from service.http.encodings import gunzip, is_gzip
from service.scheduling.scheduler import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from starlette.requests import Request

    from guards.json_types import JsonObject

__all__ = ["MAX_BODIES", "MAX_BODY_S", "Bodies", "beside_the_loop", "parse_json"]

MAX_BODY_S = 30.0
"""Seconds in which a body must have arrived."""

MAX_BODIES = 16
"""How many bodies of the largest size may be held at a time; smaller ones may be more."""

_SMALL_BYTES = 32 * 1024
"""Up to this size parsing and validating take at most a few milliseconds on the event loop."""

_BYTES_PER_VALUE = 8
"""A name and its value take as many bytes: only lists have more values, and what is empty."""

_MIN_VALUES = 65_536

_PIECES_AT_ONCE = 8
"""Pieces of gzip between which others wait: a millisecond or two at most."""

_RETRY_AFTER_S = 1

_worker = ThreadPoolExecutor(1, thread_name_prefix="large-bodies")
"""One thread: of several, each would take as much of the interpreter's time as the event loop."""

T = TypeVar("T")


class Bodies:
    """Reads bodies, of ``max_bytes`` each and ``MAX_BODIES * max_bytes`` at a time.

    Both limits are for the bytes that are sent, and for those that are in the gzip. A body is
    decompressed once it is there, so that no client takes more memory than it sends while it waits.

    Of those that are worked on beside the loop it is one body's turn at a time: parsed, it may
    take thirty times the memory of its bytes.
    """

    def __init__(self, max_bytes: int, max_s: float = MAX_BODY_S) -> None:
        """Hold nothing yet; a body may take ``max_s`` seconds to arrive."""
        self._max_bytes = max_bytes
        self._max_s = max_s
        self._turn = asyncio.Lock()
        self._arriving: set[asyncio.Timeout] = set()
        self._ended = False
        self.max_values = max(_MIN_VALUES, max_bytes // _BYTES_PER_VALUE)
        self.held_bytes = 0

    @asynccontextmanager
    async def read(self, request: Request, deadline: float) -> AsyncIterator[bytearray]:
        """Yield the body of a request when it is its turn; it is held until the block ends.

        ``deadline`` is on ``time.monotonic``: a large body waits, and is worked on, until then.
        Raises ``UnsupportedEncoding`` before the body is read, as ``TooLarge`` where it announces
        its size; ``TooLarge`` else as soon as it is over the limit, ``Malformed`` for what is not
        gzip and should be, ``Overloaded`` where too much is held, ``BodyTimeout``,
        ``DeadlinePassed``, and ``Unavailable`` once ``end`` was called.
        """
        compressed = is_gzip(request.headers)
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and float(announced) > self._max_bytes:
            raise self._too_large()
        body, gzip = bytearray(), bytearray()
        try:
            await self._receive(request, gzip if compressed else body)
            pieces = gunzip(gzip) if compressed else iter(())
            await self._decompress(pieces, body, _SMALL_BYTES)
            if len(body) <= _SMALL_BYTES:
                yield body
            else:
                async with until(deadline), self._turn:
                    await self._decompress(pieces, body, self._max_bytes)
                    yield body
        finally:
            self.held_bytes -= len(body) + len(gzip)

    def end(self) -> None:
        """Wait no longer for bodies that have not arrived: a stop is not for clients to put off."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for time_limit in self._arriving:
            if not time_limit.expired():
                time_limit.reschedule(now)

    async def _receive(self, request: Request, body: bytearray) -> None:
        time_limit = asyncio.timeout(self._max_s)
        self._arriving.add(time_limit)
        try:
            async with time_limit:
                async for chunk in request.stream():
                    self._hold(body, chunk)
        except TimeoutError:
            if self._ended:
                message = "the service stops, and the body has not arrived; try again"
                raise Unavailable(message) from None
            message = f"the body took longer than {self._max_s:g} s"
            raise BodyTimeout(message) from None
        finally:
            self._arriving.discard(time_limit)

    async def _decompress(self, pieces: Iterator[bytes], body: bytearray, max_bytes: int) -> None:
        """Add pieces to a body until it has more than ``max_bytes``, while others go on."""
        for number, piece in enumerate(pieces, 1):
            self._hold(body, piece, "the decompressed body")
            if len(body) > max_bytes:
                return
            if number % _PIECES_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _hold(self, body: bytearray, chunk: bytes, name: str = "the body") -> None:
        body += chunk
        self.held_bytes += len(chunk)
        if len(body) > self._max_bytes:
            raise self._too_large(name)
        if self.held_bytes > MAX_BODIES * self._max_bytes:
            raise Overloaded(_RETRY_AFTER_S)

    def _too_large(self, name: str = "the body") -> TooLarge:
        return TooLarge(f"{name} is larger than {self._max_bytes} bytes")


async def beside_the_loop(size_bytes: int, function: Callable[..., T], *args: object) -> T:
    """Call ``function``; where it works on a body of many bytes, in the thread for such."""
    if size_bytes <= _SMALL_BYTES:
        return function(*args)
    return await asyncio.get_running_loop().run_in_executor(_worker, _uncollected, function, *args)


def _uncollected(function: Callable[..., T], *args: object) -> T:
    # The collector looks at every object again and again while a body becomes a million of them,
    # and everybody waits: seven times as long for a body of empty lists.
    gc.disable()
    try:
        return function(*args)
    finally:
        gc.enable()


def parse_json(body: bytes | bytearray, max_values: int) -> object:
    """Return a parsed body.

    Raises ``TooLarge`` for more than ``max_values`` values, and ``Malformed`` for what is not JSON,
    as NaN and Infinity are not, and for an object that names a key twice: readers do not agree
    about which of the two counts.
    """
    if len(body) > max_values and _has_more_values(body, max_values):
        message = f"the body holds more than {max_values} values"
        raise TooLarge(message)
    try:
        parsed: object = json.loads(
            body,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            object_pairs_hook=_without_repeated_keys,
        )
    except (ValueError, RecursionError):
        # The parser's own message can quote the body.
        message = "the body is not JSON"
        raise Malformed(message) from None
    return parsed


def _has_more_values(body: bytes | bytearray, max_values: int) -> bool:
    """Return whether there are more values in a body of JSON, without making them.

    Counted are commas and opening brackets outside of all texts: one for each value, and one more
    for each list or object in a list.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) <= max_values:
        return False
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")
    left = unescaped.translate(None, _NEITHER_VALUE_NOR_TEXT)
    if left.count(b'"') > 4 * max_values:  # two for each text, which is a name or a value
        return True
    return sum(map(len, left.split(b'"')[::2])) > max_values


_NEITHER_VALUE_NOR_TEXT = bytes({*range(256)} - {*b'",[{'})


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _whole_number(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        # Python limits the digits of an int; what is longer is valid JSON too, like 1e400.
        return float(digits)


def _without_repeated_keys(pairs: Sequence[tuple[str, object]]) -> JsonObject:
    parsed = dict(pairs)
    if len(parsed) < len(pairs):
        message = "an object in the body names a key twice"
        raise Malformed(message)
    return parsed

"""Read a request's body within its limit, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from service.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from guards.json_types import JsonObject

__all__ = ["read_json"]


async def read_json(request: Request, max_bytes: int) -> object:
    """Return the parsed body.

    Raises ``TooLarge`` before the body is read when it announces its size, else as soon as it is
    over the limit, and ``Malformed`` for what is not JSON, as NaN and Infinity are not, and for an
    object that names a key twice: readers do not agree about which of the two counts.
    """
    return _parse(await _read(request, max_bytes))


async def _read(request: Request, max_bytes: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and float(announced) > max_bytes:
        raise _too_large(max_bytes)
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(chunks)


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"the body is larger than {max_bytes} bytes")


def _parse(body: bytes) -> object:
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

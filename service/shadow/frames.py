"""The wire to a challenger: frames of four bytes of length and that many of JSON."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["encode", "read", "read_async"]

_LENGTH = struct.Struct("<I")
_MOST_BYTES = 64 * 1024 * 1024


def encode(message: Mapping[str, Any]) -> bytes:
    """Give a message as one frame; raises ``ValueError`` for one that is too large to be read."""
    body = json.dumps(message, separators=(",", ":")).encode()
    head = _LENGTH.pack(min(len(body), _MOST_BYTES + 1))
    _checked(head)
    return head + body


def read(stream: BinaryIO) -> dict[str, Any] | None:
    """Read one message; None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _checked(head)
    body = stream.read(length)
    return _message(body) if len(body) == length else None


async def read_async(stream: asyncio.StreamReader) -> dict[str, Any] | None:
    """Read one message; None at the end of the stream. Raises ``ValueError`` for what is none."""
    try:
        length = _checked(await stream.readexactly(_LENGTH.size))
        return _message(await stream.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _checked(head: bytes) -> int:
    (length,) = _LENGTH.unpack(head)
    if length > _MOST_BYTES:
        message = f"a frame announces {length} bytes"
        raise ValueError(message)
    return int(length)


def _message(body: bytes) -> dict[str, Any]:
    message = json.loads(body)
    if not isinstance(message, dict):
        reason = "a frame holds no object"
        raise ValueError(reason)  # noqa: TRY004 (a malformed value, not a wrong type of argument)
    return message

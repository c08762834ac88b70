"""Messages as bytes: a short JSON and the bytes of arrays, never pickle.

A frame begins with two little-endian numbers of four bytes each: the size of the JSON that follows,
and the size of the arrays after it. The JSON describes the arrays.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Message", "encode", "read", "take"]

_HEAD = struct.Struct("<II")
_MAX_BYTES = 64 * 1024 * 1024

_to_json = json.JSONEncoder(separators=(",", ":")).encode


class Message(NamedTuple):
    """The content of a frame: a JSON object, and the bytes of the arrays that it describes."""

    fields: JsonObject
    arrays: bytes


def encode(fields: JsonMapping, arrays: bytes = b"") -> bytes:
    """Return a message as one frame; raises ``ValueError`` where it is too large."""
    body = _to_json(fields).encode()
    _check_size(len(body) + len(arrays))
    return _HEAD.pack(len(body), len(arrays)) + body + arrays


def take(buffer: bytearray) -> Iterator[Message]:
    """Remove the complete messages from a buffer; ``ValueError`` where its bytes are no frame."""
    while len(buffer) >= _HEAD.size:
        body_bytes, array_bytes = _HEAD.unpack_from(buffer)
        _check_size(body_bytes + array_bytes)
        end = _HEAD.size + body_bytes + array_bytes
        if len(buffer) < end:
            return
        frame = bytes(buffer[_HEAD.size : end])
        del buffer[:end]
        yield _message(frame, body_bytes)


def read(stream: BufferedReader) -> JsonObject | None:
    """Read one message without arrays and return its object; None where the stream ends before."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    body_bytes, array_bytes = _HEAD.unpack(head)
    _check_size(body_bytes + array_bytes)
    body = stream.read(body_bytes)
    return _message(body, body_bytes).fields if len(body) == body_bytes else None


def _check_size(total_bytes: int) -> None:
    if total_bytes > _MAX_BYTES:
        message = f"a frame announces {total_bytes} bytes, more than {_MAX_BYTES}"
        raise ValueError(message)


def _message(frame: bytes, body_bytes: int) -> Message:
    fields = json.loads(frame[:body_bytes])
    if not isinstance(fields, dict):
        reason = "a frame holds no object"
        raise ValueError(reason)  # noqa: TRY004 (a malformed value, not a wrong type of argument)
    return Message(fields, frame[body_bytes:])

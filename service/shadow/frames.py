"""The wire to a challenger: frames of a short JSON and the bytes of arrays, never pickle.

A frame begins with two numbers of four bytes each, little endian: how many bytes of JSON follow,
and how many bytes of arrays after it. What the arrays are, the JSON says.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Message", "encode", "take"]

_HEAD = struct.Struct("<II")
_MOST_BYTES = 64 * 1024 * 1024

_to_json = json.JSONEncoder(separators=(",", ":")).encode


class Message(NamedTuple):
    """What a frame holds: the JSON object, and the bytes of the arrays that it tells of."""

    fields: dict[str, Any]
    arrays: bytes


def encode(fields: Mapping[str, Any], arrays: bytes = b"") -> bytes:
    """Give a message as one frame; raises ``ValueError`` for one that is too large to be read."""
    body = _to_json(fields).encode()
    _check_size(len(body) + len(arrays))
    return _HEAD.pack(len(body), len(arrays)) + body + arrays


def take(buffer: bytearray) -> Iterator[Message]:
    """Take the messages that are whole off a buffer; ``ValueError`` for what is none."""
    while len(buffer) >= _HEAD.size:
        body_bytes, total_bytes = _sizes(buffer)
        end = _HEAD.size + total_bytes
        if len(buffer) < end:
            return
        frame = bytes(buffer[_HEAD.size : end])
        del buffer[:end]
        yield _message(frame, body_bytes)


def _sizes(head: bytes | bytearray) -> tuple[int, int]:
    """Give the bytes of JSON, and of the frame after its head."""
    body_bytes, array_bytes = _HEAD.unpack_from(head)
    _check_size(body_bytes + array_bytes)
    return body_bytes, body_bytes + array_bytes


def _check_size(total_bytes: int) -> None:
    if total_bytes > _MOST_BYTES:
        message = f"a frame announces {total_bytes} bytes"
        raise ValueError(message)


def _message(frame: bytes, body_bytes: int) -> Message:
    fields = json.loads(frame[:body_bytes])
    if not isinstance(fields, dict):
        reason = "a frame holds no object"
        raise ValueError(reason)  # noqa: TRY004 (a malformed value, not a wrong type of argument)
    return Message(fields, frame[body_bytes:])

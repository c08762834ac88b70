"""Send raw bytes to a server and split what comes back into answers."""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["RawAnswer", "exchange", "opened"]

_HOST = "127.0.0.1"
_CONNECT_S = 10.0
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n(.*?)\r\n\r\n", re.DOTALL)
_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding:\s*chunked\s*$", re.IGNORECASE | re.MULTILINE)
_CHUNK = re.compile(rb"([0-9a-fA-F]+)\r\n")


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """The status and the body of one answer; the body of an answer to HEAD is empty."""

    status: int
    body: bytes


def opened(port: int) -> socket.socket:
    """Return a connection to a port of this machine."""
    return socket.create_connection((_HOST, port), timeout=_CONNECT_S)


def exchange(
    port: int, pieces: Sequence[bytes], *, complete: bool, max_s: float, patience_s: float
) -> list[RawAnswer] | None:
    """Send the pieces and return the answers, none where the server only closes.

    Waits ``max_s`` for what is ``complete``, and ``patience_s`` for what a server may wait to see
    more of. Returns None where nothing came in ``max_s``, and the connection stayed open.
    """
    received, closed = b"", False
    limit_s = max_s if complete else patience_s
    with opened(port) as connection:
        with suppress(OSError):  # a server may close before it has read all
            for piece in pieces:
                connection.sendall(piece)
        ends_s = time.monotonic() + limit_s
        while not closed and (left_s := ends_s - time.monotonic()) > 0:
            # After the first answer, only what comes at once belongs to it.
            connection.settimeout(min(left_s, 0.2) if received else left_s)
            try:
                data = connection.recv(1 << 20)
            except TimeoutError:
                break
            except OSError:
                data = b""
            received, closed = received + data, not data
    return None if complete and not closed and not received else _split(received)


def _split(received: bytes) -> list[RawAnswer]:
    answers, at = [], 0
    while match := _STATUS.search(received, at):
        status, head, at = int(match[1]), match[2], match.end()
        if length := _LENGTH.search(head):
            body = received[at : at + int(length[1])]
            # An answer to HEAD names a length and has no body.
            body = b"" if body.startswith(b"HTTP/1.") else body
            at += len(body)
        elif _CHUNKED.search(head):
            body, at = _unchunked(received, at)
        else:
            body = b""
        answers.append(RawAnswer(status, body))
    return answers


def _unchunked(received: bytes, at: int) -> tuple[bytes, int]:
    body = b""
    while match := _CHUNK.match(received, at):
        size = int(match[1], 16)
        body += received[match.end() : match.end() + size]
        at = match.end() + size + 2
        if not size:
            break
    return body, at

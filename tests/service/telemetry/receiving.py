"""A receiver of webhooks on this machine, which behaves as badly as a test wants."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

__all__ = ["Receiver", "answer", "close", "endless", "hang", "receiver", "reset"]


class Receiver:
    """Accepts connections one by one, and reads a request from each.

    The n-th request meets the n-th behaviour, and all later ones the last. ``port`` is on
    127.0.0.1.
    """

    def __init__(self, *behaviours: Callable[[socket.socket], object]) -> None:
        self.requests: list[bytes] = []
        self.context: ssl.SSLContext | None = None
        self._behaviours = behaviours
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def bodies(self) -> list[bytes]:
        """The bodies of the requests so far."""
        return [request.partition(b"\r\n\r\n")[2] for request in self.requests]

    def start(self) -> None:
        """Accept connections from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more."""
        # Closing alone does not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE_S)
                with suppress(OSError), self._encrypted(connection) as stream:
                    self._serve(stream)

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        if self.context is None:
            return connection
        return self.context.wrap_socket(connection, server_side=True)

    def _serve(self, stream: socket.socket) -> None:
        self.requests.append(_read_request(stream))
        number = min(len(self.requests), len(self._behaviours))
        self._behaviours[number - 1](stream)


def _read_request(stream: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += stream.recv(65_536)
        if not data.startswith(b"POST "):
            raise ConnectionError
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += stream.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def receiver(*behaviours: Callable[[socket.socket], object]) -> Iterator[Receiver]:
    """Run a receiver in a ``with`` block."""
    running = Receiver(*behaviours)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def answer(status: int, headers: str = "") -> Callable[[socket.socket], object]:
    """Answer with a status and no body."""
    head = f"HTTP/1.1 {status} Whatever\r\n{headers}Content-Length: 0\r\n\r\n".encode()
    return lambda stream: stream.sendall(head)


def endless(head: str, piece: str, pause_s: float = 0.0) -> Callable[[socket.socket], object]:
    """Answer with a head, and then with this piece until nobody listens."""

    def send(stream: socket.socket) -> None:
        stream.sendall(head.encode())
        never = threading.Event()
        while not never.wait(pause_s):
            stream.sendall(piece.encode())

    return send


def hang(stream: socket.socket) -> None:
    """Answer nothing until the other side ends the connection."""
    stream.recv(1)


def close(stream: socket.socket) -> None:
    """End the connection without an answer."""
    stream.shutdown(socket.SHUT_RDWR)


def reset(stream: socket.socket) -> None:
    """Reset the connection instead of ending it."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()

"""One POST of JSON, bounded in time and in what is read of the answer.

The standard library's client, since those with more features limit the time of each read, but not
that of an answer that comes byte by byte. It follows no redirect and asks no proxy.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from socket import SHUT_RDWR, create_connection, socket

from service.webhook_url import WebhookUrl

__all__ = ["post"]


def post(url: WebhookUrl, body: bytes, timeout_s: float) -> int:
    """Post JSON and return the status of the answer, whose body is not read.

    `timeout_s` bounds the connection to each address of the host, and then everything else. The
    status counts also where the headers after it do not end by then. Certificates are checked
    against those that the system trusts. Raises `TimeoutError` without a status in time, and
    `OSError` or `HTTPException` for other failures.
    """
    headers = {
        "Host": url.authority,
        "Content-Type": "application/json",
        "User-Agent": "understudy",
        "Connection": "close",
    }
    if url.authorization is not None:
        headers["Authorization"] = url.authorization
    with create_connection((url.host, url.port), timeout_s) as tcp, _within(timeout_s, tcp):
        connection = HTTPConnection(url.host, url.port)
        connection.sock = _encrypted(tcp, url.host) if url.scheme == "https" else tcp
        with closing(connection):
            connection.request("POST", url.target, body, headers)
            with connection.getresponse() as response:
                return response.status


def _encrypted(tcp: socket, host: str) -> socket:
    return ssl.create_default_context().wrap_socket(tcp, server_hostname=host)


@contextmanager
def _within(timeout_s: float, tcp: socket) -> Iterator[None]:
    """End the connection after a while, and say of errors since then that the time was over."""
    expired = threading.Event()
    # TLS takes the socket over, while a copy stays: both end the same connection.
    with tcp.dup() as copy:
        timer = threading.Timer(timeout_s, _end, (copy, expired))
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, HTTPException) as error:
            if expired.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
            timer.join()


def _end(connection: socket, expired: threading.Event) -> None:
    expired.set()
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)

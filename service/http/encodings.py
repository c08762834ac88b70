"""What a body is on the wire: plain, or gzip, which is read in pieces of bounded size."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from service.errors import Malformed, UnsupportedEncoding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.datastructures import Headers

__all__ = ["ACCEPTED", "MAX_PIECE_BYTES", "gunzip", "is_gzip"]

ACCEPTED = "gzip"
"""What ``Accept-Encoding`` says where a body has another encoding."""

MAX_PIECE_BYTES = 32 * 1024
"""Bytes of a piece of what gzip holds."""

_TAKEN_BYTES = 1024
"""Bytes of gzip that a piece takes: even empty members, of 20 bytes each, are few in as many."""

_GZIP = {"gzip", "x-gzip"}
_PLAIN = {"", "identity"}
_OTHERS = {"br", "compress", "dcb", "dcz", "deflate", "x-compress", "zstd"}
"""Those that an error names: nothing else of a request is repeated."""

_WINDOW_AND_HEADER = 16 + zlib.MAX_WBITS
"""What zlib takes for a window of any size, with the header and the checksum of gzip."""


def is_gzip(headers: Headers) -> bool:
    """Return whether a body is gzip; otherwise it is plain.

    Raises ``UnsupportedEncoding`` for everything else, gzip of gzip included.
    """
    listed = ",".join(headers.getlist("content-encoding")).split(",")
    encodings = [name for each in listed if (name := each.strip().lower()) not in _PLAIN]
    if not encodings:
        return False
    if len(encodings) == 1 and encodings[0] in _GZIP:
        return True
    if len(encodings) > 1:
        observed = f"{len(encodings)} encodings"
    else:
        observed = encodings[0] if encodings[0] in _OTHERS else "an unknown encoding"
    message = f"Content-Encoding is {observed}, expected gzip or none: send the body as either"
    raise UnsupportedEncoding(message)


def gunzip(compressed: bytearray) -> Iterator[bytes]:
    """Yield what gzip of one member or several holds, in pieces of at most ``MAX_PIECE_BYTES``.

    Each takes a fraction of a millisecond, and may be empty. Raises ``Malformed`` where the bytes
    end too early, or are not gzip to their end.
    """
    member = zlib.decompressobj(_WINDOW_AND_HEADER)
    used_bytes = 0
    while True:
        taken = compressed[used_bytes : used_bytes + _TAKEN_BYTES]
        try:
            piece = member.decompress(taken, MAX_PIECE_BYTES)
        except zlib.error:
            message = "the body is not gzip to its end, as Content-Encoding says: send nothing else"
            raise Malformed(message) from None
        yield piece
        used_bytes += len(taken) - len(member.unused_data or member.unconsumed_tail)
        if member.eof:
            if used_bytes == len(compressed):
                return
            member = zlib.decompressobj(_WINDOW_AND_HEADER)
        elif not taken and not piece:
            message = "the body ends before its gzip does: send it whole"
            raise Malformed(message)

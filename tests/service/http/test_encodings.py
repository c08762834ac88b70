"""What a body is on the wire: plain, gzip in all its forms, or refused in words of our own."""

from __future__ import annotations

import gzip
import zlib

import pytest
from starlette.datastructures import Headers

from service.errors import Malformed, UnsupportedEncoding
from service.http.encodings import MAX_PIECE_BYTES, gunzip, is_gzip

CANARY = "canary-7391"
GZIP = gzip.compress(b"a text")


def headers(*encodings: str) -> Headers:
    """Return the headers of a request with these ``Content-Encoding``."""
    return Headers(raw=[(b"content-encoding", each.encode()) for each in encodings])


@pytest.mark.parametrize("named", [(), ("",), ("identity",), (" Identity ",), ("identity,", "")])
def test_plain_in_every_spelling(named: tuple[str, ...]) -> None:
    """No encoding, an empty list of them, and the name of none."""
    assert not is_gzip(headers(*named))


@pytest.mark.parametrize(
    "named", [("gzip",), ("x-gzip",), (" GZip\t",), (",gzip,",), ("identity", "gzip")]
)
def test_gzip_in_every_spelling(named: tuple[str, ...]) -> None:
    """Names are in any case, and lists may have empty elements."""
    assert is_gzip(headers(*named))


@pytest.mark.parametrize(
    ("named", "observed"),
    [
        *(((name,), name) for name in ("br", "deflate", "zstd", "compress")),
        (("BR",), "br"),
        (("gzip, gzip",), "2 encodings"),
        (("gzip", "gzip"), "2 encodings"),
        (("gzip", "identity", "br, deflate"), "3 encodings"),
        (("br," * 10_000,), "10000 encodings"),
        (("gzip;q=1",), "an unknown encoding"),
        (("*",), "an unknown encoding"),
        ((CANARY,), "an unknown encoding"),
    ],
)
def test_everything_else_is_refused_by_name(named: tuple[str, ...], observed: str) -> None:
    """What was observed and what is expected, without words of the client's."""
    with pytest.raises(UnsupportedEncoding) as caught:
        is_gzip(headers(*named))
    assert str(caught.value) == (
        f"Content-Encoding is {observed}, expected gzip or none: send the body as either"
    )


def with_optional_fields(content: bytes) -> bytes:
    """Return gzip whose header has an extra field, a name, a comment and its own checksum."""
    head = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x04\x00more" + b"name\x00" + b"comment\x00"
    head += zlib.crc32(head).to_bytes(4, "little")[:2]
    return head + gzip.compress(content)[10:]


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        (GZIP, b"a text"),
        (GZIP * 3, b"a text" * 3),
        (gzip.compress(b""), b""),
        (gzip.compress(b"") * 200 + GZIP, b"a text"),
        (with_optional_fields(b"a text"), b"a text"),
        (gzip.compress(b"a text", 0), b"a text"),
        (gzip.compress(bytes(1_000_000)), bytes(1_000_000)),
        (gzip.compress(bytes(100_000)) + GZIP, bytes(100_000) + b"a text"),
    ],
    ids=["one", "three", "empty", "many empty", "fields", "stored", "long", "long and short"],
)
def test_every_gzip_is_read_in_pieces_of_bounded_size(sent: bytes, content: bytes) -> None:
    """One member or several, however they were made."""
    pieces = list(gunzip(bytearray(sent)))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= MAX_PIECE_BYTES


@pytest.mark.parametrize("length", range(len(GZIP)))
def test_gzip_that_ends_too_early_is_told(length: int) -> None:
    """Wherever it ends, and also in a second member, of which nothing would be no error."""
    for sent in (GZIP[:length], GZIP + GZIP[:length] if length else b""):
        with pytest.raises(Malformed, match="ends before its gzip does: send it whole"):
            list(gunzip(bytearray(sent)))


@pytest.mark.parametrize(
    "sent",
    [
        b'{"documents": []}',
        GZIP + b"\x00\x00",
        GZIP + CANARY.encode(),
        GZIP[:-8] + bytes(8),
        GZIP[:-4] + bytes(4),
        GZIP[:10] + b"\xff" * 20,
        b"\x1f\x8b\x08\xff" + GZIP[4:],
        zlib.compress(b"a text"),
        b"PK\x03\x04",
    ],
    ids=["json", "zeros", "text", "sum", "length", "data", "flags", "zlib", "zip"],
)
def test_what_is_not_gzip_to_its_end_is_told(sent: bytes) -> None:
    """Another format, damage, and whatever follows the last member."""
    with pytest.raises(Malformed, match="is not gzip to its end") as caught:
        list(gunzip(bytearray(sent)))
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__

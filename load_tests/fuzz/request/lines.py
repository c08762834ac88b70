"""Draw request lines: methods, targets in all forms and spellings, and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from load_tests.fuzz.chance import happens

if TYPE_CHECKING:
    from random import Random

__all__ = ["drawn_line"]

_PATHS = (
    *("/v1/classify",) * 4, *("/classify",) * 4, "/v1/feedback", "/v1/status", "/v1/verdict",
    "/v1/roles", "/v1/openapi.json", "/docs.json", "/schema.json", "/metrics", "/livez",
    "/readyz", "/healthz", "/", "/static", "/static_content/index.html", "/docs", "/v1", "/health",
    "/dashboard", "/dashboard.js", "/favicon.ico", "/_internal", "/.well-known/x", "/nowhere",
)  # fmt: skip
_METHODS = (
    *("POST",) * 6, *("GET",) * 6, "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT",
    "PRI", "post", "Get", "BREW", "X" * 5000, "", "PO ST", "POST\t", "\x00GET", "GÉT", "M-SEARCH",
)  # fmt: skip
_VERSIONS = (
    *("HTTP/1.1",) * 12, "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1 ", "", "http/1.1",
    "HTTP/9.9", "HTTP/1.1.1", "HTTP/\x00", "HTTPS/1.1", "HTTP/-1.1", "HTTP/1.11111111111",
)  # fmt: skip
_TAILS = (
    "%0A", "%0D", "%0D%0A", "%00", "%20", "%09", "%2F", "%3F", "%23", "%25", "%E2%80%A8", "%C2%85",
    ";x", ";/../livez", "/", "//", "/.", "/..", "/../livez", "/%2e%2e/livez", "\\", "\\..\\livez",
    "?", "?x=1", "?challenger=%0A", "?challenger=a/b&challenger=c", "#", "#x", "?%00", "%", "%zz",
    "%c0%af", "%ff", ".json", "~", "*", "\x7f", "?" + "a" * 70_000, "/" * 3000, "%0A" * 50,
)  # fmt: skip
_HEADS = (
    "/", "//", "/.", "/./", "/../", "/livez/../", "/livez;", "/livez/..;", "/%2e", "/x/../", "\\",
    "http://127.0.0.1", "http://127.0.0.1:1", "http://a:b@127.0.0.1", "https://evil", "HTTP://x",
    "file://", "http:", "http:///", "127.0.0.1:80", "ws://127.0.0.1", "/\t", "/ ", " ", "*",
)  # fmt: skip
_WHOLE = (
    "*", "", "127.0.0.1:3000", "http://", "?", "#", "/\ud83d", "/" + "a" * 100_000, "[::1]:80",
)  # fmt: skip


def drawn_line(rng: Random) -> bytes:
    """Return the first line of a request, without its line end."""
    method = rng.choice(_METHODS) if happens(rng, 0.3) else rng.choice(("POST", "GET"))
    target = _drawn_target(rng)
    version = rng.choice(_VERSIONS) if happens(rng, 0.1) else "HTTP/1.1"
    parts = [part for part in (method, target, version) if part or happens(rng, 0.5)]
    return " ".join(parts).encode("utf-8", "surrogatepass")


def _drawn_target(rng: Random) -> str:
    if happens(rng, 0.03):
        return rng.choice(_WHOLE)
    target = rng.choice(_PATHS)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        change = rng.choice((_encoded, _encoded, _cased, _ended, _ended, _begun, _split))
        target = change(rng, target)
    return target


def _encoded(rng: Random, target: str) -> str:
    at = rng.randrange(len(target))
    forms = (f"%{ord(target[at]):02x}", f"%{ord(target[at]):02X}", f"%25{ord(target[at]):02x}")
    return target[:at] + rng.choice(forms) + target[at + 1 :]


def _cased(rng: Random, target: str) -> str:
    return rng.choice((target.upper(), target.title(), target.swapcase()))


def _ended(rng: Random, target: str) -> str:
    return target + rng.choice(_TAILS)


def _begun(rng: Random, target: str) -> str:
    return rng.choice(_HEADS) + target


def _split(rng: Random, target: str) -> str:
    at = rng.randrange(len(target))
    between = rng.choice(("/", "//", "%0A", "/./", "\u00e9", "\x00", "\t", "%00"))
    return target[:at] + between + target[at:]

"""The URL of a webhook, which may hold a secret and therefore never shows all of itself."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote_to_bytes, urlsplit

__all__ = ["WEBHOOK_URL", "WebhookUrl"]

WEBHOOK_URL = (
    "an http or https URL with a host, of ASCII characters without spaces, and with a port from 1 "
    "to 65535 where it names one"
)
"""What is expected, in words."""

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


@dataclass(frozen=True, slots=True, repr=False)
class WebhookUrl:
    """Where alerts are posted to; text and repr show scheme and host only.

    ``target`` is the path with its query, ``authority`` the host with a port where one was given,
    and ``authorization`` the header for the user that the URL names, or None.

    >>> WebhookUrl.parse("https://user:secret@hooks.example.org:8443/T01/secret?key=secret")
    https://hooks.example.org/…
    """

    scheme: str
    host: str
    port: int
    authority: str
    target: str
    authorization: str | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}/…"

    __repr__ = __str__

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a URL; raises ``ValueError``, which says nothing of the text, where it is none."""
        try:
            return cls._read(text)
        except ValueError:
            message = f"expected {WEBHOOK_URL}"
            raise ValueError(message) from None

    @classmethod
    def _read(cls, text: str) -> Self:
        # The parser would leave out line ends and tabs.
        _require(text.isascii() and text.isprintable() and " " not in text)
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        _require(parts.scheme in _PORTS and port != 0)
        # The parser has checked addresses of IPv6, which stand in brackets.
        _require(":" in host or _NAME.fullmatch(host) is not None)
        user, separator, authority = parts.netloc.rpartition("@")
        return cls(
            scheme=parts.scheme,
            host=host,
            port=port or _PORTS[parts.scheme],
            authority=authority,
            target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            authorization=_basic(user) if separator else None,
        )


def _basic(user: str) -> str:
    """Return the header of RFC 7617 for ``name:password`` as a URL writes it."""
    name, _, password = user.partition(":")
    credentials = b":".join(map(unquote_to_bytes, (name, password)))
    return f"Basic {b64encode(credentials).decode()}"


def _require(fulfilled: bool) -> None:  # noqa: FBT001 (the condition itself)
    if not fulfilled:
        raise ValueError

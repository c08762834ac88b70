"""Who may call what: keys with scopes, read once from a file that holds only their digests."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.errors import CallError
from service.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.datastructures import Headers

    from guards.json_types import JsonMapping

__all__ = ["SCOPES", "Access", "Caller", "read_access"]

SCOPES = ("classify", "feedback", "operate")

_MAX_BYTES = 1024 * 1024
"""Room for some five thousand keys."""

_DIGEST = re.compile("[0-9a-f]{64}")
_EXPECTED = (
    '{"keys": [{"name": "team", "sha256": "<hex digest of the key>", "scopes": ["classify"]}]}'
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request: the name of its key (None without keys), and the key's scopes."""

    name: str | None
    scopes: frozenset[str]


_ANYONE = Caller(None, frozenset(SCOPES))


@dataclass(frozen=True, slots=True)
class Access:
    """Callers by the SHA-256 of their key; ``callers`` is None where no key is required."""

    callers: Mapping[str, Caller] | None

    @property
    def requires_keys(self) -> bool:
        """Whether requests need a key."""
        return self.callers is not None

    def check(self, headers: Headers, scope: str | None) -> Caller:
        """Return the caller of a request; where ``scope`` is None, every valid key will do.

        Raises ``Unauthenticated`` unless exactly one ``Authorization`` header carries a known key
        as ``Bearer KEY``, and ``Forbidden`` where that key lacks ``scope``.
        """
        if self.callers is None:
            return _ANYONE
        caller = self._identify(headers.getlist("authorization"))
        if caller is None:
            message = "send a valid key as 'Authorization: Bearer KEY'"
            raise Unauthenticated(message)
        if scope is not None and scope not in caller.scopes:
            message = f"this key lacks the scope {scope!r}"
            raise Forbidden(message)
        return caller

    def _identify(self, credentials: list[str]) -> Caller | None:
        # Two headers are refused: a proxy before this service may have checked only the other.
        if self.callers is None or len(credentials) != 1:
            return None
        scheme, _, key = credentials[0].partition(" ")
        if scheme.lower() != "bearer":
            return None
        # Headers are decoded as Latin-1; encoding restores the bytes that the client sent.
        digest = hashlib.sha256(key.strip().encode("latin-1")).hexdigest()
        # Every digest is compared, so that the duration does not show which one matches.
        matches = [
            caller for known, caller in self.callers.items() if hmac.compare_digest(known, digest)
        ]
        return matches[0] if matches else None


def read_access(path: Path | None) -> Access:
    """Read the keys file; without a path no key is required.

    A key without a name is called by the first digits of its digest. Raises ``CallError`` when the
    file is missing, malformed, or no regular file of at most 1 MiB, or lists a key twice.
    """
    if path is None:
        return Access(None)
    try:
        keys = json.loads(_content(path))["keys"]
        listed = list(map(_caller, keys))
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        message = f"{path}: expected {_EXPECTED}, found {type(error).__name__}"
        raise CallError(message) from None
    callers: dict[str, Caller] = {}
    for digest, caller in listed:
        if not _DIGEST.fullmatch(digest) or not caller.scopes <= {*SCOPES}:
            message = f"{path}: expected {_EXPECTED} with scopes among {', '.join(SCOPES)}"
            raise CallError(message)
        # Which entry counts must not depend on their order: one may have been meant to lose scopes.
        if digest in callers:
            message = (
                f"{path}: {callers[digest].name!r} and {caller.name!r} are the same key (sha256 "
                f"{digest[:12]}…), expected each key once: remove one of the two"
            )
            raise CallError(message)
        callers[digest] = caller
    return Access(callers)


def _content(path: Path) -> str:
    # A pipe would wait, and a device have no end.
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
        message = f"{path}: expected a regular file of at most {_MAX_BYTES} bytes"
        raise CallError(message)
    return path.read_text(encoding="utf-8")


def _caller(key: JsonMapping) -> tuple[str, Caller]:
    digest = str(key["sha256"]).lower()
    return digest, Caller(str(key.get("name", digest[:12])), frozenset(key["scopes"]))

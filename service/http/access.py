"""Who may call what: keys with scopes, read once from a file that holds only their digests."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.errors import CallError
from service.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["SCOPES", "Access", "read_access"]

SCOPES = ("classify", "feedback", "operate")

_DIGEST = re.compile("[0-9a-f]{64}")
_EXPECTED = (
    '{"keys": [{"name": "team", "sha256": "<hex digest of the key>", "scopes": ["classify"]}]}'
)


@dataclass(frozen=True, slots=True)
class Access:
    """Scopes by the SHA-256 of a key; None where no key is asked for."""

    scopes: Mapping[str, frozenset[str]] | None

    def check(self, headers: Mapping[str, str], scope: str) -> None:
        """Raise ``Unauthenticated`` or ``Forbidden`` unless the request's key has ``scope``.

        The key comes as ``Authorization: Bearer KEY``.
        """
        if self.scopes is None:
            return
        kind, _, key = headers.get("authorization", "").partition(" ")
        # Headers arrive as Latin-1, whatever the bytes of the key were meant to be.
        digest = hashlib.sha256(key.strip().encode("latin-1")).hexdigest()
        found = [
            scopes for known, scopes in self.scopes.items() if hmac.compare_digest(known, digest)
        ]
        if kind.lower() != "bearer" or not found:
            message = "send a valid key as 'Authorization: Bearer KEY'"
            raise Unauthenticated(message)
        if scope not in found[0]:
            message = f"this key lacks the scope {scope!r}"
            raise Forbidden(message)


def read_access(path: Path | None) -> Access:
    """Read the keys' file; None asks for no keys. Raises ``CallError`` when it is malformed."""
    if path is None:
        return Access(None)
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))["keys"]
        scopes = {str(key["sha256"]).lower(): frozenset(key["scopes"]) for key in keys}
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path}: expected {_EXPECTED}, found {type(error).__name__}"
        raise CallError(message) from None
    for digest, named in scopes.items():
        if not _DIGEST.fullmatch(digest) or not named <= {*SCOPES}:
            message = f"{path}: expected {_EXPECTED} with scopes among {', '.join(SCOPES)}"
            raise CallError(message)
    return Access(scopes)

"""Ed25519 signatures of bundles, made and checked offline with local keys.

The root fingerprint covers every byte of a bundle, so the root is what is signed. The signature
lies beside the manifest and is not among its parts. The keys are PEM files, and the library that
signs is an extra: it is imported where a key is read.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from guards.bundle.layout import SIGNATURE
from guards.errors import CallError, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ["MAX_BYTES", "check_signature", "key_id", "read_public_keys", "sign"]

MAX_BYTES = 64 * 1024
"""A longer file is not a signature."""

_DOMAIN = b"understudy: root fingerprint of a bundle\n"
"""Prefixes what is signed, so that a signature of anything else is never one of a bundle."""

_PUBLIC_KEY = (
    "an Ed25519 public key in PEM, as `openssl pkey -in PRIVATE.pem -pubout -out PUBLIC.pem` "
    "makes it"
)
_PRIVATE_KEY = (
    "an Ed25519 private key in PEM, as `openssl genpkey -algorithm ed25519 -out PRIVATE.pem` "
    "makes it"
)

_KeyT = TypeVar("_KeyT")


class _Signature(BaseModel):
    """The parsed file; ``signature`` is 64 bytes in canonical base64."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: Literal["ed25519"]
    key: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    fingerprint: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{85}[AQgw]==$")]


def sign(root: str, private_key: Path) -> bytes:
    """Sign a bundle's root fingerprint and return the content of its ``signature.json``.

    Raises ``CallError`` if ``private_key`` is not the path of an unencrypted Ed25519 private key
    that this user may read.
    """
    key = _read_private_key(private_key)
    document = {
        "algorithm": "ed25519",
        "key": key_id(key.public_key()),
        "fingerprint": root,
        "signature": base64.b64encode(key.sign(_message(root))).decode(),
    }
    return json.dumps(document, indent=1).encode()


def key_id(key: Ed25519PublicKey) -> str:
    """Name a key: SHA-256 of its 32 raw bytes."""
    return f"sha256:{hashlib.sha256(key.public_bytes_raw()).hexdigest()}"


def read_public_keys(paths: Sequence[str]) -> dict[str, Ed25519PublicKey]:
    """Read PEM files and map each key's id to the key.

    Raises ``CallError`` if a path is not an Ed25519 public key, and if there are paths and the
    library is not installed.
    """
    if not paths:
        return {}
    _need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 (an extra)
        Ed25519PublicKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 (an extra)
        load_pem_public_key,
    )

    def load(pem: bytes) -> Ed25519PublicKey | None:
        key = load_pem_public_key(pem)
        return key if isinstance(key, Ed25519PublicKey) else None

    keys = [_read_key(Path(path), load, _PUBLIC_KEY) for path in paths]
    return {key_id(key): key for key in keys}


def check_signature(
    signature: bytes | None, root: str, keys: Mapping[str, Ed25519PublicKey]
) -> Iterator[Finding]:
    """Yield a finding if ``signature`` is not one of ``root`` by one of ``keys``.

    ``signature`` is the content of ``signature.json``, None where there is no such file; ``keys``
    are what ``read_public_keys`` returned. Without keys no signature is required.
    """
    if not keys:
        return
    known = " or ".join(keys)
    expected = f"a signature of {root} by {known}"
    if signature is None:
        yield Finding("signature_missing", SIGNATURE, expected, "no such file")
        return
    try:
        parsed = _parse(signature)
    except ValueError as error:
        yield _invalid(expected, str(error))
        return
    key = keys.get(parsed.key)
    if key is None:
        yield Finding(
            code="signature_of_another_key",
            subject=SIGNATURE,
            expected=f"a signature by {known}",
            observed=f"one by {parsed.key}",
        )
    elif parsed.fingerprint != root:
        yield _invalid(expected, f"a signature of {parsed.fingerprint}")
    elif not _fits(base64.b64decode(parsed.signature), root, key):
        yield _invalid(expected, "a signature that does not fit")


def _message(root: str) -> bytes:
    return _DOMAIN + root.encode()


def _parse(data: bytes) -> _Signature:
    if len(data) > MAX_BYTES:
        message = f"more than {MAX_BYTES} bytes"
        raise ValueError(message)
    try:
        return _Signature.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        message = ": ".join([*map(str, first["loc"]), first["msg"]])
        raise ValueError(message) from None


def _fits(signature: bytes, root: str, key: Ed25519PublicKey) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (an extra)

    try:
        key.verify(signature, _message(root))
    except InvalidSignature:
        return False
    return True


def _read_private_key(path: Path) -> Ed25519PrivateKey:
    _need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 (an extra)
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 (an extra)
        load_pem_private_key,
    )

    def load(pem: bytes) -> Ed25519PrivateKey | None:
        try:
            key = load_pem_private_key(pem, password=None)
        except TypeError:  # how the library says that it would need a password
            message = f"{path}: the key is encrypted; decrypt it with `openssl pkey -in {path}`"
            raise CallError(message) from None
        return key if isinstance(key, Ed25519PrivateKey) else None

    return _read_key(path, load, _PRIVATE_KEY)


def _read_key(path: Path, load: Callable[[bytes], _KeyT | None], wanted: str) -> _KeyT:
    try:
        key = load(path.read_bytes())
    except CallError:
        raise
    except OSError as error:
        message = f"{path}: the key cannot be read: {error.strerror}"
        raise CallError(message) from None
    except Exception:  # noqa: BLE001 (the library has several errors for what is not a key)
        key = None
    if key is None:
        message = f"{path}: expected {wanted}"
        raise CallError(message)
    return key


def _need_cryptography() -> None:
    if find_spec("cryptography") is None:
        message = "signatures need the library cryptography: pip install 'understudy[signing]'"
        raise CallError(message)


def _invalid(expected: str, observed: str) -> Finding:
    return Finding("signature_invalid", SIGNATURE, expected, observed)

"""Who vouches for a bundle: Ed25519 signatures with local keys, made and checked offline.

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

from guards.errors import CallError, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ["MOST_BYTES", "SIGNATURE", "check_signature", "key_id", "read_public_keys", "sign"]

SIGNATURE = "signature.json"

MOST_BYTES = 64 * 1024
"""A longer signature file is none."""

_DOMAIN = b"understudy: root fingerprint of a bundle\n"
"""Stands before what is signed: a signature made for anything else is never one of a bundle."""

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
    """The parsed file; ``signature`` is 64 bytes in the one base64 text that they have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: Literal["ed25519"]
    key: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    fingerprint: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{85}[AQgw]==$")]


def sign(root: str, private_key: Path) -> bytes:
    """Sign a bundle's root fingerprint, and give the content of its ``signature.json``.

    Raises ``CallError`` when ``private_key`` is no Ed25519 private key that is open to this user.
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

    Raises ``CallError`` for a file that holds no Ed25519 public key, and where there are paths and
    the library is not installed.
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
    """Yield what keeps ``signature`` from being one of ``root`` by one of ``keys``.

    ``signature`` is the content of ``signature.json``, None where there is none; ``keys`` are what
    ``read_public_keys`` gave. Nothing is demanded where there are no keys.
    """
    if not keys:
        return
    expected = f"a signature of {root} by {_some(keys)}"
    if signature is None:
        yield _missing(expected)
        return
    try:
        parsed = _parse(signature)
    except ValueError as error:
        yield _invalid(expected, str(error))
        return
    key = keys.get(parsed.key)
    if key is None:
        yield _of_another_key(_some(keys), parsed.key)
    elif parsed.fingerprint != root:
        yield _invalid(expected, f"a signature of {parsed.fingerprint}")
    elif not _fits(base64.b64decode(parsed.signature), root, key):
        yield _invalid(expected, "a signature that does not fit")


def _message(root: str) -> bytes:
    return _DOMAIN + root.encode()


def _parse(data: bytes) -> _Signature:
    if len(data) > MOST_BYTES:
        message = f"more than {MOST_BYTES} bytes"
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
    except Exception:  # noqa: BLE001 (the library has errors of its own for what is no key)
        key = None
    if key is None:
        message = f"{path}: expected {wanted}"
        raise CallError(message)
    return key


def _need_cryptography() -> None:
    if find_spec("cryptography") is None:
        message = "signatures need the library cryptography: pip install 'understudy[signing]'"
        raise CallError(message)


def _some(keys: Mapping[str, Ed25519PublicKey]) -> str:
    return " or ".join(keys)


def _missing(expected: str) -> Finding:
    return Finding(
        code="signature_missing",
        subject=SIGNATURE,
        expected=expected,
        observed="no such file",
        remedy="take the signed bundle from where it was sealed, or sign it there: "
        "`understudy sign BUNDLE --key PRIVATE.pem`",
    )


def _invalid(expected: str, observed: str) -> Finding:
    return Finding(
        code="signature_invalid",
        subject=SIGNATURE,
        expected=expected,
        observed=observed,
        remedy="take the bundle again from where it was signed; if it was changed on purpose, sign "
        "it again there",
    )


def _of_another_key(expected: str, observed: str) -> Finding:
    return Finding(
        code="signature_of_another_key",
        subject=SIGNATURE,
        expected=f"a signature by {expected}",
        observed=f"one by {observed}",
        remedy="take the bundle that was signed with a key of yours, or, if you trust the signer, "
        "add the public key to SIGNATURE_KEYS",
    )

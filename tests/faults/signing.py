"""Key pairs for tests, in the files that an operator would have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from guards.bundle.layout import SIGNATURE
from guards.bundle.sealed_files import read_sealed
from guards.bundle.signature import sign
from guards.integrity.requirements import Requirements

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KeyPair", "make_keys", "sign_bundle"]


@dataclass(frozen=True)
class KeyPair:
    """The two PEM files of one key."""

    private: Path
    public: Path

    @property
    def requirements(self) -> Requirements:
        """Demand a signature by this key."""
        return Requirements(signature_keys=(str(self.public),))


def make_keys(directory: Path, name: str) -> KeyPair:
    """Make an Ed25519 key and write both halves into ``directory``."""
    key = Ed25519PrivateKey.generate()
    pair = KeyPair(directory / f"{name}.private.pem", directory / f"{name}.public.pem")
    pair.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    pair.public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return pair


def sign_bundle(bundle: Path, keys: KeyPair) -> None:
    """Sign what a bundle's manifest says."""
    root = read_sealed(bundle).manifest.fingerprint
    (bundle / SIGNATURE).write_bytes(sign(root, keys.private))

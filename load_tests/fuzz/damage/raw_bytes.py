"""Damage bytes without regard to what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from load_tests.fuzz.chance import happens

if TYPE_CHECKING:
    from random import Random

__all__ = ["damaged_bytes"]


def damaged_bytes(rng: Random, data: bytes) -> tuple[bytes, str]:
    """Return the bytes after one to four damages, and what they were in words."""
    words = []
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        name, damage = rng.choice(_DAMAGES)
        data = damage(rng, data, at)
        words.append(f"{name} at {at}")
    return data, ", ".join(words)


def _flipped(rng: Random, data: bytes, at: int) -> bytes:
    flipped = bytes([byte ^ 1 << rng.randrange(8) for byte in data[at : at + 1]])
    return data[:at] + flipped + data[at + 1 :]


def _replaced(rng: Random, data: bytes, at: int) -> bytes:
    piece = rng.choice((b"\x00", b"\xff" * 4, b"\xff" * 8, b"\x7f", rng.randbytes(3), b"9" * 9))
    return data[:at] + piece + data[at + len(piece) :]


def _cut(rng: Random, data: bytes, at: int) -> bytes:
    return data[:at] + (b"" if happens(rng, 0.3) else data[at + rng.randint(1, 64) :])


def _extended(rng: Random, data: bytes, _: int) -> bytes:
    return data + rng.choice((b"\x00", b"\n", data[:64], rng.randbytes(16), b"\x00" * 100_000))


def _spliced(rng: Random, data: bytes, at: int) -> bytes:
    source = rng.randrange(len(data) + 1)
    return data[:at] + data[source : source + rng.randint(1, 256)] + data[at:]


_DAMAGES = (
    ("flipped", _flipped), ("replaced", _replaced), ("cut", _cut), ("extended", _extended),
    ("spliced", _spliced),
)  # fmt: skip

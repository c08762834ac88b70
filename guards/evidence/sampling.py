"""What the hash of a request id decides: which documents are drawn, and the signs of null copies.

A document is drawn with probability p where its number, which is uniform between 0 and 1, is below
p. So everybody who has the log draws the same documents, and a draw with a smaller probability is a
part of one with a larger.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["NULL_COPIES", "digest", "digests", "null_signs", "uniforms"]

NULL_COPIES = 100
"""Copies of the differences with random signs: what chance alone does on the same traffic."""

_NUMBER_BYTES = 8
_SIGN_BYTES = slice(_NUMBER_BYTES, _NUMBER_BYTES + (NULL_COPIES + 7) // 8)
_FLOAT_BITS = 53


def digests(request_ids: Sequence[str]) -> NDArray[np.uint8]:
    """Return the SHA-256 of each id, uint8 [documents, 32]."""
    hashed = b"".join([digest(request_id) for request_id in request_ids])
    return np.frombuffer(hashed, dtype=np.uint8).reshape(-1, sha256().digest_size)


def uniforms(hashed: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return a number from 0 to below 1 for each digest, float64 [documents]."""
    words = np.ascontiguousarray(hashed[:, :_NUMBER_BYTES]).view(">u8")[:, 0]
    return (words >> np.uint64(64 - _FLOAT_BITS)).astype(np.float64) * 2.0**-_FLOAT_BITS


def null_signs(hashed: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return 1 or -1 for each digest and null copy, int64 [documents, copies]."""
    bits = np.unpackbits(hashed[:, _SIGN_BYTES], axis=1, count=NULL_COPIES)
    return 1 - 2 * bits.astype(np.int64)


def digest(text: str) -> bytes:
    """Return the SHA-256 of a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()

"""Documents without content, to warm up and to measure with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.preprocessing import Encoding
from guards.schema import CanonicalRow

if TYPE_CHECKING:
    from artifacts.bundle.opening import Bundle

__all__ = ["blank_documents"]

_TOKENS = (8, 16, 32, 64, 128, 256, 512)


def blank_documents(bundle: Bundle) -> list[Encoding]:
    """Return one document for each of a few lengths up to the maximum, shortest first."""
    max_length = bundle.preprocessing.truncation.max_length
    width = len(bundle.preprocessing.encode_documents(bundle.probe_documents[:1])[0].columns)
    return [
        Encoding(
            token_ids=np.zeros((1, tokens), dtype=np.int64),
            columns=np.zeros(width),
            row=CanonicalRow((), ()),
            unknown_tokens=0,
            truncated=False,
        )
        for tokens in sorted({min(tokens, max_length) for tokens in _TOKENS})
    ]

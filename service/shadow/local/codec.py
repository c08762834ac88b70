"""Documents and answers as messages between the service and a challenger's process.

A challenger with the champion's preprocessing receives the champion's encoding of a document, so
that it is tokenised and transformed once; any other receives text and features. Arrays are int64,
float64 and float32, little endian, so that nothing is rounded and NaN passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.shadow.local import wire

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from service.documents import Document
    from service.shadow.local.wire import Message

__all__ = ["answer", "arrays_of", "as_document", "as_encoding", "probabilities_of"]

_IDS, _COLUMNS, _PROBABILITIES = (np.dtype(code) for code in ("<i8", "<f8", "<f4"))


def as_document(number: int, document: Document) -> bytes:
    """Frame text and features; raises what ``json`` raises, and ``ValueError`` for too many."""
    return wire.encode({"id": number, "text": document.text, "features": document.features})


def as_encoding(number: int, encoding: Encoding) -> bytes:
    """Frame an encoding; raises ``ValueError`` when it is too large."""
    ids = encoding.token_ids
    arrays = _bytes(ids, _IDS) + _bytes(encoding.columns, _COLUMNS)
    return wire.encode({"id": number, "token_ids": ids.shape}, arrays)


def arrays_of(message: Message) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the token ids int64 [windows, tokens] and columns float64 [width] of an encoding.

    Raises ``ValueError`` or ``TypeError`` where the bytes do not have the shape in the message.
    """
    windows, tokens = message.fields["token_ids"]
    end = windows * tokens * _IDS.itemsize
    if end < 0:
        problem = f"no array has the shape [{windows}, {tokens}]"
        raise ValueError(problem)
    ids = np.frombuffer(message.arrays[:end], _IDS).reshape(windows, tokens)
    columns = np.frombuffer(message.arrays[end:], _COLUMNS)
    # Copies in the machine's own order: what lies in a message is read-only.
    return ids.astype(np.int64), columns.astype(np.float64)


def answer(number: int, probabilities: NDArray[np.float32], infer_s: float, cpu_s: float) -> bytes:
    """Frame probabilities float32 [classes], with wall and processor time of the pass."""
    fields = {"id": number, "infer_s": infer_s, "cpu_s": cpu_s}
    return wire.encode(fields, _bytes(probabilities, _PROBABILITIES))


def probabilities_of(message: Message) -> NDArray[np.float32]:
    """Return an answer's probabilities float32 [classes]; ``ValueError`` where malformed."""
    return np.frombuffer(message.arrays, _PROBABILITIES)


def _bytes(array: NDArray[np.generic], kind: np.dtype[np.generic]) -> bytes:
    return array.astype(kind, copy=False).tobytes()

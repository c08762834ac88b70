"""What a challenger is handed, and what it answers, as frames.

One that shares the champion's preprocessing is handed what the champion's network was given, so
that a document is tokenised and transformed once; any other is handed the document as it came.
Arrays travel as int64, float64 and float32, little endian, so that nothing is rounded and NaN
passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.shadow import frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding
    from service.documents import Document
    from service.shadow.frames import Message

__all__ = ["answer", "arrays_of", "as_encoding", "as_it_came", "probabilities_of"]

_IDS, _COLUMNS, _PROBABILITIES = (np.dtype(code) for code in ("<i8", "<f8", "<f4"))


def as_it_came(number: int, document: Document) -> bytes:
    """Frame a document's text and features; raises what JSON raises, and ``ValueError``."""
    return frames.encode({"id": number, "text": document.text, "features": document.features})


def as_encoding(number: int, encoding: Encoding) -> bytes:
    """Frame what the network takes of a document; raises ``ValueError`` when it is too large."""
    ids = encoding.token_ids
    arrays = _bytes(ids, _IDS) + _bytes(encoding.columns, _COLUMNS)
    return frames.encode({"id": number, "token_ids": ids.shape}, arrays)


def arrays_of(message: Message) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the token ids int64 [windows, tokens] and columns float64 [width] of an encoding.

    Raises ``ValueError`` or ``TypeError`` where the bytes are not what the message says.
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


def answer(number: int, probabilities: NDArray[np.float32], infer_s: float) -> bytes:
    """Frame the answer to a document: probabilities float32 [classes]."""
    return frames.encode({"id": number, "infer_s": infer_s}, _bytes(probabilities, _PROBABILITIES))


def probabilities_of(message: Message) -> NDArray[np.float32]:
    """Give an answer's probabilities float32 [classes]; ``ValueError`` where there are none."""
    return np.frombuffer(message.arrays, _PROBABILITIES)


def _bytes(array: NDArray[np.generic], kind: np.dtype[np.generic]) -> bytes:
    return array.astype(kind, copy=False).tobytes()

"""What the network of a bundle makes of documents that are to be explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.inference import embedded_passes
from artifacts.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding
    from guards.schema import CanonicalRow

__all__ = ["Answered", "answer"]


@dataclass(frozen=True, slots=True)
class Answered:
    """Documents and the network's answers to them, all in one order.

    ``logits`` float32 [documents, classes] are not calibrated. ``states`` float32 [documents,
    hidden] are what they are computed from, None for a network that gives none.
    """

    texts: Sequence[str]
    rows: Sequence[CanonicalRow]
    encodings: Sequence[Encoding]
    logits: NDArray[np.float32]
    states: NDArray[np.float32] | None

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.rows)

    @property
    def answers(self) -> NDArray[np.int64]:
        """The index of each document's answer, int64 [documents]."""
        return np.asarray(self.logits.argmax(axis=1), dtype=np.int64)


def answer(bundle: Bundle, texts: Sequence[str], rows: Sequence[CanonicalRow]) -> Answered:
    """Encode documents and answer them; shows progress on standard error."""
    encodings = bundle.preprocessing.encode(texts, rows)
    logits = np.empty((len(rows), len(bundle.labels)), dtype=np.float32)
    states: NDArray[np.float32] | None = None
    with Progress("answering", len(rows)) as progress:
        for indices, pass_logits, pass_states in embedded_passes(bundle.network, encodings):
            logits[indices] = pass_logits
            if pass_states is not None:
                if states is None:
                    states = np.empty((len(rows), pass_states.shape[1]), dtype=np.float32)
                states[indices] = pass_states
            progress.update(len(indices))
    return Answered(texts, rows, encodings, logits, states)

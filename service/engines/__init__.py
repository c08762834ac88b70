"""Engines: they run the network of a bundle.

- ``torch``: the network as it was sealed, which every bundle has.
- ``batching``: the network on a device that works best on many documents at once.
- ``onnx``: the quantised graph that a bundle may carry.
- ``choosing``: which of them serves, and why.
- ``blank``: documents to warm up and to measure with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding

__all__ = ["Engine"]


class Engine(Protocol):
    """Turns encodings into calibrated probabilities; safe to use from several threads."""

    @property
    def name(self) -> str:
        """The name of the engine in settings and logs."""

    @property
    def lanes(self) -> int:
        """The number of calls that may run at once, each on a core of its own."""

    @property
    def max_tokens(self) -> int:
        """How many tokens a call of several documents may have; 0 for one document at a time."""

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Return float32 [documents, classes] in the order given.

        Results do not depend on the other documents of the batch, up to rounding. With
        ``exclusive`` no other document waits or runs, and the call may use all cores.
        """

    @property
    def embeds(self) -> bool:
        """Whether ``embedded_probabilities`` may be called."""

    def embedded_probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return ``probabilities``, and the embedding float32 [documents, hidden].

        The embedding of a document is the state of the text that the network classifies.
        """

    def warm_up(self) -> None:
        """Do what would make the first documents slow."""

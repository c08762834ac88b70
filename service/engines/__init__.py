"""What runs a network: one small protocol, one file an engine.

- ``torch``: the network as it was sealed, which every bundle has.
- ``batching``: the network on a device that works best on many documents at once.
- ``onnx``: the quantised graph that a bundle may carry.
- ``choosing``: which of them serves, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding

__all__ = ["Engine"]


class Engine(Protocol):
    """Turns encodings into calibrated probabilities; safe to share by threads."""

    @property
    def name(self) -> str:
        """The engine's name, as settings and logs have it."""

    @property
    def lanes(self) -> int:
        """How many calls may run at once, each on a processor of its own."""

    @property
    def most_tokens(self) -> int:
        """How many tokens one call is given, or one document of more; 0 for one at a time."""

    def probabilities(
        self, encodings: Sequence[Encoding], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Give float32 [documents, classes] in the order given.

        An answer never depends on its company, but for how numbers of so many bits are rounded.
        ``alone`` says that nothing else waits or runs, so
        that this call may take every processor.
        """

    def warm_up(self) -> None:
        """Do what makes a first document slow before there is one."""

"""What runs a network: one small protocol, one file an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding

__all__ = ["Engine"]


class Engine(Protocol):
    """Turns encodings into calibrated probabilities."""

    @property
    def name(self) -> str:
        """The engine's name, as settings and logs have it."""

    def probabilities(self, encodings: Sequence[Encoding]) -> NDArray[np.float32]:
        """Give float32 [documents, classes] in the order given.

        An answer never depends on its company.
        """

    def warm_up(self) -> None:
        """Do what makes a first document slow before there is one."""

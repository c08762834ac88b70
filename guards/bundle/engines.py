"""The faster engines that a bundle may carry, and the record of how far their answers differ."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "ENGINES",
    "ENGINE_NAMES",
    "ONNX_INT8",
    "TORCH",
    "TORCH_BF16",
    "ClassParity",
    "NotableChange",
    "Parity",
]

TORCH, ONNX_INT8, TORCH_BF16 = "torch", "onnx-int8", "torch-bf16"
ENGINES = (ONNX_INT8, TORCH_BF16)
"""The engines that a bundle may carry besides its network, the fastest first."""

ENGINE_NAMES = (TORCH, *ENGINES)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassParity(_Record):
    """The documents that the network gives one label, and what the engine makes of them."""

    documents: int = Field(ge=0)
    flips: int = Field(ge=0)
    mean_confidence_shift: float
    largest_confidence_shift: float


class NotableChange(_Record):
    """One probability of one probe that an engine changes by more than is acceptable unnamed."""

    probe: int = Field(ge=0)
    label: str
    expected: float
    observed: float


class Parity(_Record):
    """Engine against network on held-out documents; shifts are engine minus network.

    A flip is a document whose label changes. A confidence shift is that of the largest
    probability; the largest one is the largest in size, with its sign.
    """

    documents: int = Field(ge=1)
    flips: int = Field(ge=0)
    max_flips: float = Field(ge=0, le=1)
    mean_confidence_shift: float
    largest_confidence_shift: float
    largest_probability_change: float = Field(ge=0)
    per_class: dict[str, ClassParity]
    notable: list[NotableChange] = []

    @property
    def within(self) -> bool:
        """Tell whether the flips are within their budget."""
        return self.flips <= self.max_flips * self.documents

    def __str__(self) -> str:
        """Summarise the report in one line."""
        return (
            f"{self.flips} of {self.documents} labels flip (budget {self.max_flips:.2%}), "
            f"confidence {self.mean_confidence_shift:+.4f} in the mean and "
            f"{self.largest_confidence_shift:+.3f} at most, "
            f"largest probability change {self.largest_probability_change:.3f}"
        )

"""Build a faster engine for a network, and measure what it changes."""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from artifacts.inference import probabilities_of, softmax
from guards.errors import CallError
from guards.integrity.parity import (
    ENGINE_ANSWERS,
    ENGINE_GRAPH,
    ENGINES,
    MAX_FLIPS,
    NOTABLE,
    NotableChange,
    Parity,
    engine_part,
    parity_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from artifacts.acceleration.running import OnnxNetwork
    from artifacts.network import Network
    from artifacts.preprocessing import Encoding, Preprocessing

__all__ = ["Accelerated", "HeldOut", "answers", "build", "build_if_possible"]

_CALIBRATION = 64

_NEEDED = ("onnxruntime", "onnx", "onnxscript")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What an engine learns from and is compared on: documents that training did not see.

    No document is used for both. ``probe_documents`` are the bundle's golden ones.
    """

    encodings: Sequence[Encoding]
    probe_documents: Sequence[Mapping[str, Any]]

    @property
    def calibration(self) -> Sequence[Encoding]:
        """The documents that show how large activations become."""
        return self.encodings[: min(_CALIBRATION, len(self.encodings) // 2)]

    @property
    def compared(self) -> Sequence[Encoding]:
        """The documents that show what an engine changes."""
        return self.encodings[len(self.calibration) :]


@dataclass(frozen=True, slots=True)
class Accelerated:
    """An engine's name, its parity report, and its parts; none where it is over its budget."""

    engine: str
    parity: Parity
    parts: Mapping[str, bytes]

    def to_json(self) -> dict[str, Any]:
        """Give the manifest's record."""
        return {self.engine: self.parity.model_dump()}

    def __str__(self) -> str:
        """Say whether the engine may serve, and what it changes."""
        verdict = "" if self.parts else "not used, over its budget: "
        return f"{self.engine}: {verdict}{self.parity}"


def _missing_library() -> str | None:
    """Name a library that building needs and that is not installed; None where all are."""
    return next((name for name in _NEEDED if importlib.util.find_spec(name) is None), None)


def build_if_possible(
    network: Network, temperature: float, preprocessing: Preprocessing, held_out: HeldOut
) -> tuple[Accelerated | None, str]:
    """Build an engine; without one where its libraries or the network do not allow it.

    Gives it with a note that says how it went.
    """
    try:
        built = build(network, temperature, preprocessing, held_out)
    except CallError as error:
        return None, f"no faster engine was built: {error}"
    return built, str(built)


def build(
    network: Network,
    temperature: float,
    preprocessing: Preprocessing,
    held_out: HeldOut,
    max_flips: float = MAX_FLIPS,
) -> Accelerated:
    """Export and quantise a network, and compare; raises ``CallError`` where that cannot be."""
    missing = _missing_library()
    if missing is not None:
        message = f"{missing} is not installed: pip install 'understudy[onnx]'"
        raise CallError(message)
    from artifacts.acceleration.exporting import export  # noqa: PLC0415 (an extra)
    from artifacts.acceleration.quantising import quantise  # noqa: PLC0415
    from artifacts.acceleration.running import OnnxNetwork  # noqa: PLC0415
    from artifacts.acceleration.smoothing import smooth  # noqa: PLC0415

    (engine,) = ENGINES
    labels = preprocessing.schema.labels
    golden = preprocessing.encode_documents(held_out.probe_documents)
    most_tokens = preprocessing.cut.max_length
    model = export(network, len(golden[0].columns), most_tokens)
    smooth(model, [*held_out.calibration, *golden])
    fast = OnnxNetwork(graph := quantise(model), processors=1)
    expected = probabilities_of(network, temperature, held_out.compared)
    observed = answers(fast, temperature, held_out.compared)
    parity = parity_of(expected, observed, labels, max_flips)
    probes = answers(fast, temperature, golden)
    notable = _notable(probabilities_of(network, temperature, golden), probes, labels)
    parity = parity.model_copy(update={"notable": list(notable)})
    parts = {
        engine_part(engine, ENGINE_GRAPH): graph,
        engine_part(engine, ENGINE_ANSWERS): _npy(probes),
    }
    return Accelerated(engine, parity, parts if parity.within else {})


def answers(
    fast: OnnxNetwork, temperature: float, encodings: Sequence[Encoding]
) -> NDArray[np.float32]:
    """Give an engine's calibrated probabilities, float32 [documents, classes]."""
    logits = np.stack([fast.logits(encoding) for encoding in encodings])
    return softmax(logits / np.float32(temperature))


def _notable(
    expected: NDArray[np.float32], observed: NDArray[np.float32], labels: Sequence[str]
) -> Iterator[NotableChange]:
    for probe, place in np.argwhere(np.abs(observed - expected) > NOTABLE):
        yield NotableChange(
            probe=int(probe),
            label=labels[place],
            expected=float(expected[probe, place]),
            observed=float(observed[probe, place]),
        )


def _npy(array: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()

"""Build a faster engine for a network, and measure what it changes."""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.inference import probabilities_of
from artifacts.bundle.network import has_cuda, in_bfloat16
from artifacts.progress import Progress
from guards.bundle.engines import ENGINES, ONNX_INT8, TORCH_BF16, NotableChange, Parity
from guards.bundle.layout import ENGINE_ANSWERS, ENGINE_GRAPH, engine_part
from guards.errors import CallError, first_line
from guards.integrity.parity import MAX_FLIPS, NOTABLE, parity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "Accelerated",
    "HeldOut",
    "build",
    "build_if_possible",
    "parity_records",
    "require_libraries",
]

_CALIBRATION = 64
_CHUNK = 1024

_NEEDED = ("onnxruntime", "onnx", "onnxscript")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Documents that training did not see, to calibrate an engine on and to compare it on.

    No document is used for both. ``probe_documents`` are the golden ones of the bundle.
    """

    encodings: Sequence[Encoding]
    probe_documents: Sequence[JsonMapping]

    @property
    def calibration(self) -> Sequence[Encoding]:
        """The documents that the ranges of activations are taken from."""
        return self.encodings[: min(_CALIBRATION, len(self.encodings) // 2)]

    @property
    def compared(self) -> Sequence[Encoding]:
        """The documents that the answers of an engine are compared on."""
        return self.encodings[len(self.calibration) :]


@dataclass(frozen=True, slots=True)
class Accelerated:
    """The name of an engine, its parity report, and its parts; none if it is over its budget."""

    engine: str
    parity: Parity
    parts: Mapping[str, bytes]

    def __str__(self) -> str:
        """Return a note: whether the engine may serve, and what it changes."""
        verdict = "" if self.parts else "not used, over its budget: "
        return f"{self.engine}: {verdict}{self.parity}"


def parity_records(built: Sequence[Accelerated]) -> JsonObject:
    """Return the record of engines for the manifest."""
    return {engine.engine: engine.parity.model_dump() for engine in built}


def build_if_possible(
    network: Network,
    temperature: float,
    preprocessing: Preprocessing,
    held_out: HeldOut,
    *,
    max_flips: float = MAX_FLIPS,
) -> tuple[list[Accelerated], list[str]]:
    """Build the first of ``ENGINES`` that is within its budget, or all of them if there is CUDA.

    Returns all engines that were compared, and a note for each of ``ENGINES`` that was tried, also
    if it cannot be built with this network or the installed libraries.
    """
    built: list[Accelerated] = []
    notes: list[str] = []
    for engine in ENGINES:
        try:
            built.append(
                build(engine, network, temperature, preprocessing, held_out, max_flips=max_flips)
            )
        except Exception as error:  # noqa: BLE001 (a bundle does without what cannot be built)
            notes.append(f"{engine} was not built: {first_line(error)}")
            continue
        notes.append(str(built[-1]))
        if built[-1].parts and not has_cuda():
            break
    return built, notes


def build(  # noqa: PLR0913 (the parts of a bundle)
    engine: str,
    network: Network,
    temperature: float,
    preprocessing: Preprocessing,
    held_out: HeldOut,
    *,
    max_flips: float = MAX_FLIPS,
) -> Accelerated:
    """Build one of ``ENGINES`` and compare it; raises ``CallError`` if it cannot be built."""
    golden = preprocessing.encode_documents(held_out.probe_documents)
    with Progress(f"building {engine}"):
        made = _MAKERS[engine](network, preprocessing, [*held_out.calibration, *golden])
    expected, observed = _compared(network, temperature, made, held_out.compared)
    labels = preprocessing.schema.labels
    parity = parity_of(expected, observed, labels, max_flips)
    probes = made.probabilities(temperature, golden)
    notable = _notable(probabilities_of(network, temperature, golden), probes, labels)
    parity = parity.model_copy(update={"notable": list(notable)})
    parts = {engine_part(engine, ENGINE_ANSWERS): _npy(probes)}
    if made.graph is not None:
        parts[engine_part(engine, ENGINE_GRAPH)] = made.graph
    return Accelerated(engine, parity, parts if parity.within else {})


def _compared(
    network: Network, temperature: float, made: _Made, encodings: Sequence[Encoding]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the probabilities of the network and of the engine, float32 [documents, classes]."""
    answers = []
    with Progress("comparing", len(encodings)) as progress:
        for start in range(0, len(encodings), _CHUNK):
            chunk = encodings[start : start + _CHUNK]
            answers.append(
                (
                    probabilities_of(network, temperature, chunk),
                    made.probabilities(temperature, chunk),
                )
            )
            progress.update(len(chunk))
    expected, observed = zip(*answers, strict=True)
    return np.concatenate(expected), np.concatenate(observed)


@dataclass(frozen=True, slots=True)
class _Made:
    """The function that an engine answers with, given the temperature, and its graph if any."""

    probabilities: Callable[[float, Sequence[Encoding]], NDArray[np.float32]]
    graph: bytes | None = None


def _make_int8(
    network: Network, preprocessing: Preprocessing, calibration: Sequence[Encoding]
) -> _Made:
    require_libraries()
    from artifacts.acceleration.exporting import export  # noqa: PLC0415 (an extra)
    from artifacts.acceleration.quantising import quantise  # noqa: PLC0415
    from artifacts.acceleration.smoothing import smooth  # noqa: PLC0415
    from artifacts.bundle.binding.checking import check_engine  # noqa: PLC0415
    from artifacts.bundle.onnx_network import OnnxNetwork  # noqa: PLC0415

    model = export(network, len(calibration[0].columns), preprocessing.truncation.max_length)
    smooth(model, calibration)
    graph = quantise(model)
    for finding in check_engine(ENGINE_GRAPH, graph, network, preprocessing.truncation.max_length):
        message = f"the bundle would be refused with its graph: {finding.observed}"
        raise CallError(message)
    fast = OnnxNetwork(graph, processors=1)
    return _Made(fast.probabilities, graph)


def require_libraries() -> None:
    """Raise ``CallError`` where a library is missing that exports or quantises a network."""
    missing = next((name for name in _NEEDED if importlib.util.find_spec(name) is None), None)
    if missing is not None:
        message = f"{missing} is not installed: pip install 'understudy[onnx]'"
        raise CallError(message)


def _make_bf16(network: Network, *_: object) -> _Made:
    return _Made(partial(probabilities_of, in_bfloat16(network)))


_MAKERS: Mapping[str, Callable[[Network, Preprocessing, Sequence[Encoding]], _Made]] = {
    ONNX_INT8: _make_int8,
    TORCH_BF16: _make_bf16,
}


def _notable(
    expected: NDArray[np.float32], observed: NDArray[np.float32], labels: Sequence[str]
) -> Iterator[NotableChange]:
    for probe, index in np.argwhere(np.abs(observed - expected) > NOTABLE):
        yield NotableChange(
            probe=int(probe),
            label=labels[index],
            expected=float(expected[probe, index]),
            observed=float(observed[probe, index]),
        )


def _npy(array: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()

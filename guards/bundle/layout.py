"""The names of a bundle's parts: paths relative to its directory, with ``/`` between folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "COLUMNS",
    "CONFIG",
    "ENGINE_ANSWERS",
    "ENGINE_GRAPH",
    "MANIFEST",
    "PROBE_ARRAYS",
    "PROBE_DOCUMENTS",
    "REFERENCE",
    "SIGNATURE",
    "TOKENIZER",
    "WEIGHTS",
    "engine_names",
    "engine_part",
]

MANIFEST = "manifest.json"
"""The list of the parts, and what they mean; it is not a part itself."""

SIGNATURE = "signature.json"
"""Who vouches for the manifest; optional, and not a part."""

COLUMNS = "preprocessing/columns.joblib"
"""The fitted estimator that encodes the columns; missing for a bundle that takes text only."""

TOKENIZER = "preprocessing/tokenizer.json"
CONFIG = "model/config.json"
WEIGHTS = "model/model.safetensors"
PROBE_DOCUMENTS = "probes.json"
PROBE_ARRAYS = "probes.npz"

REFERENCE = "reference.json"
"""The distributions of inputs and answers in training, which drift is measured against."""

ENGINE_GRAPH = "model.onnx"
"""The file of an engine that runs another graph than the network."""

ENGINE_ANSWERS = "probabilities.npy"
"""The file with an engine's own answers to the probes."""

_ENGINES = "engines/"


def engine_part(engine: str, file: str) -> str:
    """Return the path of an engine's file inside a bundle."""
    return f"{_ENGINES}{engine}/{file}"


def engine_names(parts: Iterable[str]) -> list[str]:
    """Return the names of the engines that a bundle of these parts carries, sorted."""
    return sorted({part.split("/")[1] for part in parts if part.startswith(_ENGINES)})

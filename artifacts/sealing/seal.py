"""Write a bundle: the files first, the manifest last, then all of it is moved into place."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
from safetensors.torch import save as save_safetensors

from artifacts.acceleration.building import parity_records
from artifacts.bundle.fingerprint import column_inputs_to_seal, fingerprint_of
from artifacts.bundle.network import model_of
from artifacts.bundle.opening import probe_outputs
from artifacts.bundle.sealed_columns import estimator_of
from artifacts.bundle.tokenizer import canonical_json, parsed
from artifacts.sealing.destination import check_destination
from guards.bundle.format import FORMAT
from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST, REFERENCE, TOKENIZER, WEIGHTS
from guards.bundle.manifest import root_fingerprint
from guards.bundle.probes import Probes
from guards.integrity.environment import installed_environment
from guards.integrity.state.description import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifacts.acceleration.building import Accelerated
    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Preprocessing
    from guards.drift.reference import Reference
    from guards.json_types import JsonMapping, JsonObject

__all__ = [
    "Sealable",
    "parts_of",
    "seal",
    "with_root",
    "written_beside",
]


@dataclass(frozen=True, slots=True)
class Sealable:
    """Everything that a bundle is made of, before it is sealed."""

    preprocessing: Preprocessing
    network: Network
    temperature: float
    reference: Reference
    probe_documents: Sequence[JsonMapping]
    lineage: JsonMapping
    metrics: JsonMapping
    trusted: tuple[str, ...] = ()
    accelerated: Sequence[Accelerated] = ()


def seal(destination: Path, sealable: Sealable, name: str | None, version: str | None) -> str:
    """Write the bundle and return its root fingerprint.

    ``name`` and ``version`` default to the last two components of ``destination``. The directory
    appears complete or not at all. Raises ``CallError`` if it exists.
    """
    check_destination(destination)
    files = _files(sealable)
    path = destination.resolve()
    manifest = _manifest(
        sealable, files, name or path.parent.name or path.name, version or path.name
    )
    destination.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(destination, files, manifest) as unfinished:
        unfinished.rename(destination)
    return str(manifest["fingerprint"])


@contextlib.contextmanager
def written_beside(
    destination: Path, files: Mapping[str, bytes], manifest: JsonMapping
) -> Iterator[Path]:
    """Write a bundle into a temporary directory beside ``destination``, for the caller to move."""
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".sealing-") as scratch:
        unfinished = Path(scratch) / "bundle"
        for part, data in {**files, MANIFEST: text.encode()}.items():
            _write(unfinished / part, data)
        yield unfinished


def _files(sealable: Sealable) -> dict[str, bytes]:
    preprocessing = sealable.preprocessing
    expected = probe_outputs(
        preprocessing, sealable.network, sealable.temperature, sealable.probe_documents
    )
    files = {
        TOKENIZER: canonical_json(preprocessing.tokenizer),
        CONFIG: _config(sealable.network),
        WEIGHTS: save_safetensors(_weights(sealable.network), metadata={"format": "pt"}),
        REFERENCE: json.dumps(sealable.reference.to_json(), ensure_ascii=False).encode(),
        **Probes(sealable.probe_documents, expected).to_files(),
    }
    if preprocessing.columns is not None:
        buffer = io.BytesIO()
        joblib.dump(estimator_of(preprocessing.columns), buffer)
        files[COLUMNS] = buffer.getvalue()
    for engine in sealable.accelerated:
        files |= engine.parts
    return files


def _config(network: Network) -> bytes:
    """Return its configuration as JSON, without the places that transformers loaded it from."""
    text = model_of(network).config.to_json_string(use_diff=False)
    config = json.loads(
        text, object_hook=lambda fields: {k: v for k, v in fields.items() if k != "_name_or_path"}
    )
    return json.dumps(config, ensure_ascii=False, indent=2, sort_keys=True).encode()


def _weights(network: Network) -> JsonObject:
    return {name: tensor.contiguous() for name, tensor in model_of(network).state_dict().items()}


def _manifest(
    sealable: Sealable, files: Mapping[str, bytes], name: str, version: str
) -> JsonObject:
    preprocessing = sealable.preprocessing
    inputs = preprocessing.schema.to_json()
    labels = inputs.pop("labels")
    manifest = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "parts": parts_of(files),
        "preprocessing": {
            "fingerprint": fingerprint_of(preprocessing),
            "frame": column_inputs_to_seal(preprocessing),
            "state": describe(
                estimator_of(preprocessing.columns),
                parsed(preprocessing.tokenizer),
            ),
        },
        "inputs": inputs,
        "labels": labels,
        "text": preprocessing.truncation.to_json(),
        "temperature": sealable.temperature,
        "environment": installed_environment(),
        "lineage": dict(sealable.lineage),
        "metrics": dict(sealable.metrics),
        "parity": parity_records(sealable.accelerated) or None,
        "trusted": list(sealable.trusted),
    }
    return with_root(manifest)


def parts_of(files: Mapping[str, bytes]) -> dict[str, JsonObject]:
    """Return the record of each file for the manifest."""
    return {
        part: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for part, data in sorted(files.items())
    }


def with_root(manifest: JsonMapping) -> JsonObject:
    """Return the manifest with the root fingerprint of everything else in it."""
    # Through JSON once, so that the fingerprint is that of exactly what a reader will parse.
    parsed: JsonObject = json.loads(json.dumps(manifest))
    return {**parsed, "fingerprint": root_fingerprint(parsed)}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())

"""Write a bundle: files first, the manifest last, and the whole of it moved into place at once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
from safetensors.torch import save as save_safetensors

from artifacts.acceleration.building import parity_records
from artifacts.frames import frame_of
from artifacts.network import model_of
from artifacts.opening import REFERENCE, WEIGHTS, probe_outputs
from artifacts.sealed_columns import estimator_of
from artifacts.tokenizer import canonical_json
from guards.errors import CallError
from guards.integrity import FORMAT, Probes, describe, root_fingerprint
from guards.integrity.environment import installed_environment
from guards.integrity.fingerprint import preprocessing_fingerprint
from guards.integrity.manifest import MANIFEST
from guards.integrity.verify import COLUMNS, CONFIG, TOKENIZER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifacts.acceleration.building import Accelerated
    from artifacts.network import Network
    from artifacts.preprocessing import Preprocessing
    from guards.drift.reference import Reference

__all__ = [
    "Sealable",
    "check_destination",
    "code_commit",
    "fingerprint_of",
    "parts_of",
    "seal",
    "with_root",
    "written_beside",
]


@dataclass(frozen=True, slots=True)
class Sealable:
    """Everything that a bundle is made of, before it is one."""

    preprocessing: Preprocessing
    network: Network
    temperature: float
    reference: Reference
    probe_documents: Sequence[Mapping[str, Any]]
    lineage: Mapping[str, Any]
    metrics: Mapping[str, Any]
    trusted: tuple[str, ...] = ()
    accelerated: Sequence[Accelerated] = ()


def check_destination(destination: Path) -> None:
    """Raise ``CallError`` unless a bundle can be made at ``destination``."""
    if destination.exists():
        message = f"{destination}: exists already; give a new version, a bundle is never changed"
        raise CallError(message)
    above = next(parent for parent in destination.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        message = f"{destination}: no directory can be made in {above}"
        raise CallError(message)


def fingerprint_of(preprocessing: Preprocessing) -> str:
    """Give the preprocessing fingerprint that weights are trained with."""
    return preprocessing_fingerprint(
        estimator_of(preprocessing.columns),
        json.loads(canonical_json(preprocessing.tokenizer)),
        preprocessing.schema.to_json(),
        preprocessing.cut.to_json(),
        frame_to_seal(preprocessing),
    )


def frame_to_seal(preprocessing: Preprocessing) -> dict[str, Any] | None:
    """Describe the frame that the columns take; None where it is the one that training uses."""
    columns = preprocessing.columns
    if columns is None or columns.frame == frame_of(preprocessing.schema):
        return None
    return columns.frame.to_json()


def seal(destination: Path, what: Sealable, name: str | None, version: str | None) -> str:
    """Write the bundle and give its root fingerprint.

    ``name`` and ``version`` default to the last two components of ``destination``. The directory
    appears whole or not at all. Raises ``CallError`` when it exists.
    """
    check_destination(destination)
    files = _files(what)
    whole = destination.resolve()
    manifest = _manifest(
        what, files, name or whole.parent.name or whole.name, version or whole.name
    )
    destination.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(destination, files, manifest) as unfinished:
        unfinished.rename(destination)
    return str(manifest["fingerprint"])


@contextlib.contextmanager
def written_beside(
    destination: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any]
) -> Iterator[Path]:
    """Write a whole bundle next to where it belongs, for the caller to move there."""
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".sealing-") as scratch:
        unfinished = Path(scratch) / "bundle"
        for part, data in {**files, MANIFEST: text.encode()}.items():
            _write(unfinished / part, data)
        yield unfinished


def _files(what: Sealable) -> dict[str, bytes]:
    preprocessing = what.preprocessing
    expected = probe_outputs(preprocessing, what.network, what.temperature, what.probe_documents)
    files = {
        TOKENIZER: canonical_json(preprocessing.tokenizer),
        CONFIG: model_of(what.network).config.to_json_string(use_diff=False).encode(),
        WEIGHTS: save_safetensors(_weights(what.network), metadata={"format": "pt"}),
        REFERENCE: json.dumps(what.reference.to_json(), ensure_ascii=False).encode(),
        **Probes(what.probe_documents, expected).to_files(),
    }
    if preprocessing.columns is not None:
        buffer = io.BytesIO()
        joblib.dump(estimator_of(preprocessing.columns), buffer)
        files[COLUMNS] = buffer.getvalue()
    for engine in what.accelerated:
        files |= engine.parts
    return files


def _weights(network: Network) -> dict[str, Any]:
    return {name: tensor.contiguous() for name, tensor in model_of(network).state_dict().items()}


def _manifest(
    what: Sealable, files: Mapping[str, bytes], name: str, version: str
) -> dict[str, Any]:
    preprocessing = what.preprocessing
    inputs = preprocessing.schema.to_json()
    labels = inputs.pop("labels")
    manifest = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "parts": parts_of(files),
        "preprocessing": {
            "fingerprint": fingerprint_of(preprocessing),
            "frame": frame_to_seal(preprocessing),
            "state": describe(
                estimator_of(preprocessing.columns),
                json.loads(canonical_json(preprocessing.tokenizer)),
            ),
        },
        "inputs": inputs,
        "labels": labels,
        "text": preprocessing.cut.to_json(),
        "temperature": what.temperature,
        "environment": installed_environment(),
        "lineage": dict(what.lineage),
        "metrics": dict(what.metrics),
        "parity": parity_records(what.accelerated) or None,
        "trusted": list(what.trusted),
    }
    return with_root(manifest)


def parts_of(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Give the manifest's record of each file."""
    return {
        part: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for part, data in sorted(files.items())
    }


def with_root(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Give a manifest with the root fingerprint over everything else in it."""
    # Through JSON once, so that the root is taken over exactly what a reader will parse.
    plain: dict[str, Any] = json.loads(json.dumps(manifest))
    return {**plain, "fingerprint": root_fingerprint(plain)}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def code_commit(directory: Path) -> str | None:
    """Give the git commit that ``directory`` stands at, None where there is none to tell."""
    git = shutil.which("git")
    if git is None:
        return None
    answer = subprocess.run(  # noqa: S603 (a fixed command)
        [git, "-C", str(directory), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() if answer.returncode == 0 else None

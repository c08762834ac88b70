"""Open a bundle: verify it, and load it from the very bytes that were verified."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from safetensors.torch import load as load_safetensors
from transformers.initialization import no_init_weights

from artifacts.bundle.column_inputs import ColumnInputs, column_inputs_of
from artifacts.bundle.finite_weights import FINITE_WEIGHTS, weight_not_finite
from artifacts.bundle.inference import probabilities_of
from artifacts.bundle.layout import check_layout
from artifacts.bundle.network import Network, empty_network, model_of
from artifacts.bundle.preprocessing import Preprocessing
from artifacts.bundle.sealed_columns import SealedColumns
from artifacts.bundle.sealed_reference import load_reference
from artifacts.bundle.tokenizer import load_tokenizer
from artifacts.bundle.truncation import Truncation
from guards.bundle.arrays import read_array
from guards.bundle.layout import (
    ENGINE_ANSWERS,
    ENGINE_GRAPH,
    TOKENIZER,
    WEIGHTS,
    engine_part,
)
from guards.bundle.probes import ProbeOutputs
from guards.errors import Finding, PartError, first_line
from guards.integrity.requirements import NO_REQUIREMENTS, Requirements
from guards.integrity.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.bundle.tokenizer import SealedTokenizer
    from guards.bundle.identity import BundleIdentity
    from guards.bundle.manifest import Manifest
    from guards.bundle.sealed_files import SealedFiles
    from guards.drift.reference import Reference
    from guards.json_types import JsonMapping

__all__ = ["Bundle", "SealedEngine", "load", "open_bundle", "probe_outputs"]

_GRAPH_LIBRARIES = ("onnx", "onnxruntime")
"""What reads a graph, and what runs it: of the extra ``onnx``."""


@dataclass(frozen=True, slots=True)
class SealedEngine:
    """What an engine runs where that is not the network, and its answers to the probes.

    They are float32 [probes, classes]. ``unusable`` says why its graph was not compared with the
    network: then it must not run.
    """

    graph: bytes | None
    answers: NDArray[np.float32]
    unusable: Finding | None = None

    @property
    def bound(self) -> bool:
        """Whether it has a graph, which was compared with the network."""
        return self.graph is not None and self.unusable is None


@dataclass(frozen=True)
class Bundle:
    """A verified bundle, ready to answer; safe to share by threads."""

    path: Path
    manifest: Manifest
    preprocessing: Preprocessing
    network: Network
    reference: Reference
    probe_documents: Sequence[JsonMapping]
    engines: Mapping[str, SealedEngine]
    """The faster engines that the bundle carries, by name, but for those that were left out."""
    tolerated: tuple[Finding, ...] = ()
    """What the environment policy ``allow`` tolerated."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the network's outputs."""
        return tuple(self.manifest.labels)

    @cached_property
    def identity(self) -> BundleIdentity:
        """Name, version and root fingerprint, as answers and log lines carry them."""
        return self.manifest.identity

    def probe(self, documents: Sequence[JsonMapping]) -> ProbeOutputs:
        """Run golden documents through preprocessing and network."""
        return probe_outputs(self.preprocessing, self.network, self.manifest.temperature, documents)


def open_bundle(path: Path, requirements: Requirements = NO_REQUIREMENTS) -> Bundle:
    """Verify and load the bundle at ``path``; raises ``GuardRefused`` with the findings."""
    bundle, tolerated = verify(path, partial(load, requirements=requirements), requirements)
    return replace(bundle, tolerated=tuple(tolerated))


def probe_outputs(
    preprocessing: Preprocessing,
    network: Network,
    temperature: float,
    documents: Sequence[JsonMapping],
) -> ProbeOutputs:
    """Return what preprocessing and network make of documents, stage by stage."""
    encodings = preprocessing.encode_documents(documents)
    return ProbeOutputs(
        token_ids=np.concatenate([encoding.token_ids.ravel() for encoding in encodings]),
        lengths=np.array([encoding.tokens for encoding in encodings], dtype=np.int64),
        columns=np.stack([encoding.columns for encoding in encodings]),
        probabilities=probabilities_of(network, temperature, encodings),
    )


def load(
    sealed: SealedFiles, columns: object, requirements: Requirements = NO_REQUIREMENTS
) -> Bundle:
    """Build a bundle from verified bytes and the columns that the guard has unpickled.

    The graphs of engines are compared with the weights, unless ``requirements`` say that they were,
    or that they are left out.
    """
    manifest = sealed.manifest
    network = _load_network(sealed)
    return Bundle(
        path=sealed.path,
        manifest=manifest,
        preprocessing=Preprocessing(
            schema=manifest.schema_,
            columns=_compiled(columns, sealed),
            tokenizer=_load_tokenizer(sealed),
            truncation=Truncation.from_json(manifest.text.to_json()),
        ),
        network=network,
        reference=load_reference(sealed, network),
        probe_documents=sealed.probes.documents,
        engines=dict(_load_engines(sealed, network, requirements)),
    )


def _load_engines(
    sealed: SealedFiles, network: Network, requirements: Requirements
) -> Iterator[tuple[str, SealedEngine]]:
    for engine in requirements.kept(sealed.manifest.engines):
        part = engine_part(engine, ENGINE_GRAPH)
        graph = sealed.files.get(part)
        needless = graph is None or engine in requirements.bound
        unusable = None if needless else _bind(sealed, engine, part, network)
        answers = engine_part(engine, ENGINE_ANSWERS)
        try:
            array = np.asarray(read_array(sealed.files[answers]), dtype=np.float32)
            yield engine, SealedEngine(graph, array, unusable)
        except Exception as error:  # noqa: BLE001 (a hostile file may raise anything)
            raise _unreadable(answers, "the answers of an engine to the probes", error) from None


def _bind(sealed: SealedFiles, engine: str, part: str, network: Network) -> Finding | None:
    """Return why a graph cannot be compared with the network; raise where they differ."""
    missing = next((name for name in _GRAPH_LIBRARIES if find_spec(name) is None), None)
    if missing is not None:
        remedy = "run `pip install 'understudy[onnx]'`, or serve with ENGINE=torch"
        return _unavailable(engine, f"{missing} is not installed", remedy)
    from artifacts.bundle.binding.checking import check_engine  # noqa: PLC0415 (an extra)

    try:
        findings = [
            *check_engine(part, sealed.files[part], network, sealed.manifest.text.max_length)
        ]
    except ValueError as error:
        remedy = "build it again with `understudy accelerate`, or use ENGINE=torch"
        return _unavailable(engine, first_line(error), remedy)
    if findings:
        raise PartError(*findings)
    return None


def _unavailable(engine: str, observed: str, remedy: str) -> Finding:
    expected = "an engine that the bundle carries and this machine can run"
    return Finding("engine_unavailable", engine, expected, observed, remedy)


def _compiled(columns: object, sealed: SealedFiles) -> SealedColumns | None:
    """Make the columns immutable, and compile them if that gives the same bits.

    The probes are among the rows on which both are compared. So the probes judge the installed
    library also where the compiled columns answer.
    """
    if columns is None:
        return None
    schema = sealed.manifest.schema_
    described = sealed.manifest.preprocessing.column_inputs
    inputs = column_inputs_of(schema) if described is None else ColumnInputs.from_json(described)
    rows = (schema.canonical(document["features"])[0] for document in sealed.probes.documents)
    return SealedColumns(columns, inputs).compiled_for(schema, rows)


def _load_tokenizer(sealed: SealedFiles) -> SealedTokenizer:
    try:
        return load_tokenizer(sealed.part(TOKENIZER))
    except Exception as error:  # noqa: BLE001 (the library raises bare exceptions)
        raise _unreadable(TOKENIZER, "a tokenizer that the library can run", error) from None


def _load_network(sealed: SealedFiles) -> Network:
    config = dict(sealed.config)
    check_layout(config, sealed.tensors)
    # Every weight is loaded, so that none needs a number before.
    with no_init_weights():
        network = empty_network(config)
    weights = load_safetensors(sealed.part(WEIGHTS))
    observed = weight_not_finite(weights)
    if observed is not None:
        raise PartError(Finding("weights_not_finite", WEIGHTS, FINITE_WEIGHTS, observed))
    model_of(network).load_state_dict(weights)
    network.train(mode=False)
    return network


def _unreadable(part: str, expected: str, error: Exception) -> PartError:
    return PartError(Finding("part_unreadable", part, expected, first_line(error)))

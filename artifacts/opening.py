"""Open a bundle: judge it, and load it from the very bytes that were judged."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.torch import load as load_safetensors

from artifacts.cut import Cut
from artifacts.frames import Frame, frame_of
from artifacts.inference import probabilities_of
from artifacts.network import Network, empty_network, model_of
from artifacts.preprocessing import Preprocessing
from artifacts.referencing import watched_features
from artifacts.sealed_columns import SealedColumns
from artifacts.tokenizer import load_tokenizer
from guards.drift.reference import CategoricalReference, NumericReference, Reference
from guards.errors import Finding, PartError, first_line
from guards.integrity import Demands, ProbeOutputs, Probes, SealedFiles, verify
from guards.integrity.parity import ENGINE_ANSWERS, ENGINE_GRAPH, engine_part
from guards.integrity.verify import CONFIG, TOKENIZER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from guards.integrity.manifest import Manifest
    from guards.schema import Schema

__all__ = ["REFERENCE", "WEIGHTS", "Bundle", "SealedEngine", "load", "open_bundle", "probe_outputs"]

WEIGHTS = "model/model.safetensors"
REFERENCE = "reference.json"

_NO_DEMANDS = Demands()


@dataclass(frozen=True, slots=True)
class SealedEngine:
    """What an engine runs where that is not the network, and its answers to the probes.

    They are float32 [probes, classes].
    """

    graph: bytes | None
    answers: NDArray[np.float32]


@dataclass(frozen=True)
class Bundle:
    """A bundle that the guard has passed, ready to answer; safe to share by threads."""

    path: Path
    manifest: Manifest
    preprocessing: Preprocessing
    network: Network
    reference: Reference
    probe_documents: Sequence[Mapping[str, Any]]
    engines: Mapping[str, SealedEngine]
    """The faster engines that the bundle carries, by name."""
    tolerated: tuple[Finding, ...] = ()
    """What the environment policy ``allow`` let pass."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the network's outputs."""
        return tuple(self.manifest.labels)

    @property
    def identity(self) -> dict[str, str]:
        """Name, version and root fingerprint, as answers and log lines carry them."""
        manifest = self.manifest
        return {
            "name": manifest.name,
            "version": manifest.version,
            "fingerprint": manifest.fingerprint,
        }

    def probe(self, documents: Sequence[Mapping[str, Any]]) -> ProbeOutputs:
        """Run golden documents through preprocessing and network."""
        return probe_outputs(self.preprocessing, self.network, self.manifest.temperature, documents)


def open_bundle(path: Path, demands: Demands = _NO_DEMANDS) -> Bundle:
    """Judge and load the bundle at ``path``; raises ``GuardRefused`` with the findings."""
    bundle, tolerated = verify(path, load, demands)
    return replace(bundle, tolerated=tuple(tolerated))


def probe_outputs(
    preprocessing: Preprocessing,
    network: Network,
    temperature: float,
    documents: Sequence[Mapping[str, Any]],
) -> ProbeOutputs:
    """Give what preprocessing and network make of documents, stage by stage."""
    encodings = preprocessing.encode_documents(documents)
    return ProbeOutputs(
        token_ids=np.concatenate([encoding.token_ids.ravel() for encoding in encodings]),
        lengths=np.array([encoding.tokens for encoding in encodings], dtype=np.int64),
        columns=np.stack([encoding.columns for encoding in encodings]),
        probabilities=probabilities_of(network, temperature, encodings),
    )


def load(sealed: SealedFiles, columns: Any) -> Bundle:  # noqa: ANN401 (checked by its fingerprint)
    """Build a bundle from verified bytes and the columns that the guard has unpickled."""
    manifest = sealed.manifest
    schema = manifest.schema_
    probe_documents = Probes.from_files(sealed.files).documents
    return Bundle(
        path=sealed.path,
        manifest=manifest,
        preprocessing=Preprocessing(
            schema=schema,
            columns=_compiled(columns, manifest, schema, probe_documents),
            tokenizer=load_tokenizer(sealed.files[TOKENIZER]),
            cut=Cut(**manifest.text.to_json()),
        ),
        network=_load_network(sealed),
        reference=_load_reference(sealed),
        probe_documents=probe_documents,
        engines=dict(_load_engines(sealed)),
    )


def _load_engines(sealed: SealedFiles) -> Iterator[tuple[str, SealedEngine]]:
    for engine in sealed.manifest.engines:
        graph = sealed.files.get(engine_part(engine, ENGINE_GRAPH))
        answers = engine_part(engine, ENGINE_ANSWERS)
        try:
            array = np.load(io.BytesIO(sealed.files[answers]), allow_pickle=False)
            yield engine, SealedEngine(graph, np.asarray(array, dtype=np.float32))
        except Exception as error:  # noqa: BLE001 (a hostile file may raise anything)
            raise PartError(_no_answers(answers, first_line(error))) from None


def _no_answers(part: str, observed: str) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected="the answers of an engine to the probes",
        observed=observed,
        remedy="copy the bundle again from where it was sealed, or seal it again",
    )


def _compiled(
    columns: Any,  # noqa: ANN401 (checked by its fingerprint)
    manifest: Manifest,
    schema: Schema,
    probe_documents: Sequence[Mapping[str, Any]],
) -> SealedColumns | None:
    """Seal the columns, and compile them where that gives the same bits.

    The probes are among what they are compared on: either they judge what the installed library
    makes of them, or what was compiled gives the very same.
    """
    if columns is None:
        return None
    rows = (schema.canonical(document["features"])[0] for document in probe_documents)
    return SealedColumns(columns, _frame(manifest)).compiled_for(schema, rows)


def _frame(manifest: Manifest) -> Frame:
    described = manifest.preprocessing.frame
    return frame_of(manifest.schema_) if described is None else Frame.from_json(described)


def _load_network(sealed: SealedFiles) -> Network:
    network = empty_network(sealed.json(CONFIG))
    model = model_of(network)
    weights = load_safetensors(sealed.files[WEIGHTS])
    _check_precision(weights, model.state_dict())
    model.load_state_dict(weights)
    network.train(mode=False)
    return network


def _check_precision(found: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> None:
    """Refuse what loading would silently convert."""
    for name in sorted(found.keys() & wanted.keys()):
        if found[name].dtype != wanted[name].dtype:
            raise PartError(
                Finding(
                    code="weights_of_another_precision",
                    subject=WEIGHTS,
                    expected=f"{wanted[name].dtype}",
                    observed=f"{found[name].dtype}, for example in {name}",
                    remedy="restore the weights that were sealed, or seal the bundle again",
                )
            )


def _load_reference(sealed: SealedFiles) -> Reference:
    try:
        reference = Reference.from_json(sealed.json(REFERENCE))
    except ValueError as error:
        raise PartError(_no_reference(first_line(error))) from None
    for observed in _reference_differences(reference, sealed.manifest.schema_):
        raise PartError(
            Finding(
                code="reference_mismatch",
                subject=REFERENCE,
                expected="the reference that was built for these columns and labels",
                observed=observed,
                remedy="restore the reference that was sealed, or seal the bundle again",
            )
        )
    return reference


def _reference_differences(reference: Reference, schema: Schema) -> Iterator[str]:
    """Yield in words where a reference was built for another schema."""
    for name in sorted(reference.features.keys() ^ watched_features(schema)):
        yield f"{name!r} is watched on one side alone"
    for label in sorted(reference.calibration.keys() ^ {*schema.labels}):
        yield f"the calibration has label {label!r} on one side alone"
    for column in schema.categorical:
        counted = reference.features.get(column.name)
        if not isinstance(counted, CategoricalReference):
            yield f"{column.name!r} was counted as a number"
        elif {*counted.categories} != {*column.categories}:
            yield f"{column.name!r} was counted over other categories"
    for number in schema.numeric:
        if not isinstance(reference.features.get(number.name), NumericReference):
            yield f"{number.name!r} was counted as categories"


def _no_reference(observed: str) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=REFERENCE,
        expected="the reference that training built for these columns",
        observed=observed,
        remedy="copy the bundle again from where it was sealed, or seal it again",
    )

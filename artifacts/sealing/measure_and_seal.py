"""Calibrate a classifier on held-out rows, measure it, build its engines, and seal it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from artifacts.acceleration.building import HeldOut, build_if_possible
from artifacts.bundle.inference import softmax
from artifacts.evaluation.figures import evaluate
from artifacts.sealing.answer_check import exchanged_labels, not_finite_answer
from artifacts.sealing.calibrate import fit_temperature
from artifacts.sealing.embedding import answer_and_embed, embed_with_graph
from artifacts.sealing.few_rows import few_rows_notes
from artifacts.sealing.probes import probe_documents
from artifacts.sealing.reference import build_reference
from artifacts.sealing.seal import Sealable, seal
from artifacts.sealing.unknown_tokens import notes_of_unknown_tokens
from guards.bundle.engines import ONNX_INT8
from guards.bundle.layout import ENGINE_GRAPH, engine_part
from guards.errors import GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.acceleration.building import Accelerated
    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from artifacts.evaluation.encoded_table import EncodedTable
    from artifacts.sealing.embedding import EmbeddedRows
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Classifier", "SealingOptions", "SealingReport", "measure_and_seal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingOptions:
    """How to seal, whatever made the classifier.

    ``name`` and ``version`` default to the last two components of the destination. With
    ``accelerate`` the bundle gets the faster engines that can be built here. With
    ``accept_labels``, labels that look exchanged are a note, and no reason to refuse.
    """

    name: str | None = None
    version: str | None = None
    accelerate: bool = True
    accept_labels: bool = True


@dataclass(frozen=True, slots=True)
class Classifier:
    """A network and its preprocessing; a ``temperature`` of None is fitted on held-out rows.

    ``trusted`` are the globals that the columns load beyond the allowlist.
    """

    preprocessing: Preprocessing
    network: Network
    temperature: float | None = None
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SealingReport:
    """The root fingerprint of a bundle, its figures on the held-out rows, and notes to read."""

    fingerprint: str
    metrics: JsonObject
    notes: tuple[str, ...]


def measure_and_seal(
    destination: Path,
    classifier: Classifier,
    held_out: EncodedTable,
    lineage: JsonMapping,
    options: SealingOptions,
) -> SealingReport:
    """Seal ``classifier`` at ``destination``; ``held_out`` are rows that training did not see.

    Temperature, figures, reference and probes come from them, and engines are compared on them.
    If there can be no figures or no engine, the bundle is sealed without, and a note says why.
    Shows progress on standard error. Raises ``CallError`` when ``destination`` exists, and
    ``GuardRefused`` where an answer is not finite or labels look exchanged.
    """
    preprocessing, network = classifier.preprocessing, classifier.network
    schema = preprocessing.schema
    logits, embedded = answer_and_embed(network, held_out.encodings)
    if (not_finite := not_finite_answer(logits, held_out)) is not None:
        raise GuardRefused(str(destination), [not_finite])
    exchanged = exchanged_labels(logits.argmax(axis=1), held_out.truth, schema.labels)
    if exchanged is not None and not options.accept_labels:
        raise GuardRefused(str(destination), [exchanged])
    temperature = classifier.temperature or fit_temperature(logits, held_out.truth)
    probabilities = softmax(logits / np.float32(temperature))
    probes = probe_documents(held_out.documents, schema)
    metrics, notes = _figures(probabilities, held_out.truth, schema.labels)
    accelerated: Sequence[Accelerated] = ()
    if options.accelerate:
        accelerated, built = build_if_possible(
            network, temperature, preprocessing, HeldOut(held_out.encodings, probes)
        )
        notes += built
        embedded = _as_served(accelerated, held_out.encodings) or embedded
    reference = build_reference(schema, held_out.encodings, probabilities, held_out.truth, embedded)
    sealable = Sealable(
        preprocessing=preprocessing,
        network=network,
        temperature=temperature,
        reference=reference,
        probe_documents=probes,
        lineage=lineage,
        metrics=metrics,
        trusted=classifier.trusted,
        accelerated=accelerated,
    )
    fingerprint = seal(destination, sealable, options.name, options.version)
    if exchanged is not None:
        notes = [f"answers do not fit the labels: {exchanged.observed}", *notes]
    unknown = notes_of_unknown_tokens(held_out.encodings)
    return SealingReport(
        fingerprint, metrics, (*unknown, *few_rows_notes(metrics, reference), *notes)
    )


def _figures(
    probabilities: NDArray[np.float32], truth: NDArray[np.int64], labels: Sequence[str]
) -> tuple[JsonObject, list[str]]:
    """Return the figures, or none and a note: a training is not lost for want of them."""
    try:
        return evaluate(probabilities, truth, labels), []
    except Exception as error:  # noqa: BLE001 (whatever it is, the bundle can be measured later)
        return {}, [f"the figures could not be computed: {first_line(error)}"]


def _as_served(
    accelerated: Sequence[Accelerated], encodings: Sequence[Encoding]
) -> EmbeddedRows | None:
    """Return the rows as the graph that will serve embeds them, if there is one."""
    part = engine_part(ONNX_INT8, ENGINE_GRAPH)
    graph = next((engine.parts[part] for engine in accelerated if part in engine.parts), None)
    return None if graph is None else embed_with_graph(graph, encodings)

"""Open a bundle: judge it, and load it from the very bytes that were judged."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.torch import load as load_safetensors

from artifacts.inference import probabilities_of
from artifacts.network import DocumentClassifier, DocumentClassifierConfig
from artifacts.preprocessing import Preprocessing
from artifacts.referencing import watched_features
from artifacts.tokenizer import load_tokenizer
from guards.drift.reference import Reference
from guards.errors import Finding, PartError, first_line
from guards.integrity import Demands, ProbeOutputs, SealedFiles, verify
from guards.integrity.verify import CONFIG, TOKENIZER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import torch

    from guards.integrity.manifest import Manifest

__all__ = ["REFERENCE", "WEIGHTS", "Bundle", "open_bundle", "probe_outputs"]

WEIGHTS = "model/model.safetensors"
REFERENCE = "reference.json"

_NO_DEMANDS = Demands()


@dataclass(frozen=True)
class Bundle:
    """A bundle that the guard has passed, ready to answer; safe to share by threads."""

    path: Path
    manifest: Manifest
    preprocessing: Preprocessing
    network: DocumentClassifier
    reference: Reference
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
    bundle, tolerated = verify(path, _load, demands)
    return replace(bundle, tolerated=tuple(tolerated))


def probe_outputs(
    preprocessing: Preprocessing,
    network: DocumentClassifier,
    temperature: float,
    documents: Sequence[Mapping[str, Any]],
) -> ProbeOutputs:
    """Give what preprocessing and network make of documents, stage by stage."""
    rows = preprocessing.canonical(documents)
    encodings = preprocessing.encode([document["text"] for document in documents], rows)
    return ProbeOutputs(
        token_ids=np.concatenate([encoding.token_ids for encoding in encodings]),
        lengths=np.array([encoding.tokens for encoding in encodings], dtype=np.int64),
        columns=np.stack([encoding.columns for encoding in encodings]),
        probabilities=probabilities_of(network, temperature, encodings),
    )


def _load(sealed: SealedFiles, columns: Any) -> Bundle:  # noqa: ANN401 (checked by its fingerprint)
    manifest = sealed.manifest
    return Bundle(
        path=sealed.path,
        manifest=manifest,
        preprocessing=Preprocessing(
            schema=manifest.schema_,
            columns=columns,
            tokenizer=load_tokenizer(sealed.files[TOKENIZER]),
            max_length=manifest.text.max_length,
        ),
        network=_load_network(sealed),
        reference=_load_reference(sealed),
    )


def _load_network(sealed: SealedFiles) -> DocumentClassifier:
    config = DocumentClassifierConfig.from_dict(json.loads(sealed.files[CONFIG]))
    network = DocumentClassifier(config)
    weights = load_safetensors(sealed.files[WEIGHTS])
    _check_precision(weights, network.state_dict())
    network.load_state_dict(weights)
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
    strange = reference.features.keys() ^ watched_features(sealed.manifest.schema_)
    if strange:
        raise PartError(_no_reference(f"{min(strange)!r} is watched on one side alone"))
    return reference


def _no_reference(observed: str) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=REFERENCE,
        expected="the reference that training built for these columns",
        observed=observed,
        remedy="copy the bundle again from where it was sealed, or seal it again",
    )

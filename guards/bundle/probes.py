"""Golden documents, with the outputs that they gave when the bundle was sealed."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.bundle.arrays import read_arrays
from guards.bundle.json_parts import parse_json
from guards.bundle.layout import PROBE_ARRAYS, PROBE_DOCUMENTS
from guards.errors import Finding, PartError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.json_types import JsonMapping

__all__ = ["ProbeOutputs", "Probes"]

_DIMENSIONS = {"token_ids": 1, "lengths": 1, "columns": 2, "probabilities": 2}


@dataclass(frozen=True, slots=True)
class ProbeOutputs:
    """What a bundle makes of the probes.

    ``token_ids`` int64 [tokens of all probes], ``lengths`` int64 [probes], ``columns`` float64
    [probes, width], ``probabilities`` float32 [probes, classes].
    """

    token_ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    columns: NDArray[np.float64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Probes:
    """Documents (``text`` and ``features``) and their expected outputs."""

    documents: Sequence[JsonMapping]
    expected: ProbeOutputs

    def to_files(self) -> dict[str, bytes]:
        """Return the two files that the bundle keeps."""
        arrays = io.BytesIO()
        np.savez(
            arrays,
            token_ids=self.expected.token_ids,
            lengths=self.expected.lengths,
            columns=self.expected.columns,
            probabilities=self.expected.probabilities,
        )
        documents = json.dumps(list(self.documents), ensure_ascii=False, indent=1).encode()
        return {PROBE_DOCUMENTS: documents, PROBE_ARRAYS: arrays.getvalue()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Probes:
        """Read the two files; raises ``PartError`` when they are malformed."""
        try:
            documents = _checked_documents(parse_json(files[PROBE_DOCUMENTS]))
            arrays = read_arrays(files[PROBE_ARRAYS], _DIMENSIONS)
            expected = _checked(ProbeOutputs(**arrays))
        except Exception as error:  # noqa: BLE001 (a hostile file may raise anything)
            finding = Finding(
                code="part_unreadable",
                subject=f"{PROBE_DOCUMENTS}, {PROBE_ARRAYS}",
                expected="probe documents and arrays",
                observed=f"reading them fails with {type(error).__name__}",
            )
            raise PartError(finding) from None
        return cls(documents, expected)


def _checked_documents(documents: object) -> list[JsonMapping]:
    if not isinstance(documents, list) or not all(isinstance(one, dict) for one in documents):
        message = "documents must be a list of objects"
        raise TypeError(message)
    return documents


def _checked(outputs: ProbeOutputs) -> ProbeOutputs:
    for name, dimensions in _DIMENSIONS.items():
        array = getattr(outputs, name)
        if array.ndim != dimensions or array.dtype.kind not in "if":
            message = f"{name} must hold numbers in {dimensions} dimensions"
            raise ValueError(message)
    if outputs.lengths.sum() != len(outputs.token_ids):
        message = "lengths must add up to the number of token_ids"
        raise ValueError(message)
    return outputs

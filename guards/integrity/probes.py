"""Golden inputs with the outputs that they gave when the bundle was sealed.

They are run at every start, because the same parameters under another library can give another
answer. Tolerances: token ids exactly, columns to a relative 1e-9 (float64 arithmetic on other
hardware stayed below 2e-15), probabilities to 1e-4 with the same label wherever it was not a
near tie (float32 networks on other hardware stayed below 4e-6).
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from guards.errors import Finding, PartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["ProbeOutputs", "Probes"]

_COLUMNS_RTOL = 1e-9
_COLUMNS_ATOL = 1e-12
_PROBABILITIES_ATOL = 1e-4
_NEAR_TIE = 1e-2

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

    documents: Sequence[Mapping[str, Any]]
    expected: ProbeOutputs

    def to_files(self) -> dict[str, bytes]:
        """Give the two files that the bundle keeps."""
        arrays = io.BytesIO()
        np.savez(
            arrays,
            token_ids=self.expected.token_ids,
            lengths=self.expected.lengths,
            columns=self.expected.columns,
            probabilities=self.expected.probabilities,
        )
        documents = json.dumps(list(self.documents), ensure_ascii=False, indent=1).encode()
        return {"probes.json": documents, "probes.npz": arrays.getvalue()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Probes:
        """Read the two files; raises ``PartError`` when they are malformed."""
        try:
            documents = json.loads(files["probes.json"])
            _refuse_compressed(files["probes.npz"])
            with np.load(io.BytesIO(files["probes.npz"]), allow_pickle=False) as arrays:
                expected = _checked(ProbeOutputs(**{name: arrays[name] for name in arrays.files}))
        except Exception as error:  # noqa: BLE001 (a hostile file may raise anything)
            raise PartError(_unreadable(error)) from None
        return cls(documents, expected)

    def compare(self, observed: ProbeOutputs, labels: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding for each stage at which the observed outputs leave the expected ones."""
        expected = self.expected
        if not (
            np.array_equal(expected.lengths, observed.lengths)
            and np.array_equal(expected.token_ids, observed.token_ids)
        ):
            yield _failed("token ids", *_token_difference(expected, observed))
        if expected.columns.shape != observed.columns.shape:
            yield _failed("columns", f"shape {expected.columns.shape}", f"{observed.columns.shape}")
        elif not np.allclose(
            expected.columns,
            observed.columns,
            rtol=_COLUMNS_RTOL,
            atol=_COLUMNS_ATOL,
            equal_nan=True,
        ):
            yield _failed("columns", *_largest_difference(expected.columns, observed.columns))
        yield from _compare_probabilities(expected.probabilities, observed.probabilities, labels)


def _refuse_compressed(arrays: bytes) -> None:
    """Raise ``ValueError`` for a member that may hold more than the bytes that were verified."""
    with zipfile.ZipFile(io.BytesIO(arrays)) as members:
        if any(member.compress_type != zipfile.ZIP_STORED for member in members.infolist()):
            message = "arrays must not be compressed"
            raise ValueError(message)


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


def _compare_probabilities(
    expected: NDArray[np.float32], observed: NDArray[np.float32], labels: Sequence[str]
) -> Iterator[Finding]:
    if expected.shape != observed.shape:
        yield _failed("probabilities", f"shape {expected.shape}", f"{observed.shape}")
        return
    ranked = np.sort(expected, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > _NEAR_TIE
    flipped = np.flatnonzero(clear & (expected.argmax(axis=1) != observed.argmax(axis=1)))
    if flipped.size:
        first = int(flipped[0])
        yield _failed(
            "labels",
            f"probe {first} is {labels[int(expected[first].argmax())]}",
            f"{labels[int(observed[first].argmax())]}; {flipped.size} of {len(expected)} differ",
        )
    elif not np.allclose(expected, observed, rtol=0, atol=_PROBABILITIES_ATOL):
        yield _failed("probabilities", *_largest_difference(expected, observed))


def _token_difference(expected: ProbeOutputs, observed: ProbeOutputs) -> tuple[str, str]:
    if len(expected.lengths) != len(observed.lengths):
        return f"{len(expected.lengths)} probes", f"{len(observed.lengths)}"
    longer = np.flatnonzero(expected.lengths != observed.lengths)
    if longer.size:
        probe = int(longer[0])
        return f"probe {probe} has {expected.lengths[probe]} tokens", f"{observed.lengths[probe]}"
    where = int(np.flatnonzero(expected.token_ids != observed.token_ids)[0])
    return f"id {expected.token_ids[where]} at token {where}", f"id {observed.token_ids[where]}"


def _largest_difference(
    expected: NDArray[np.floating[Any]], observed: NDArray[np.floating[Any]]
) -> tuple[str, str]:
    gaps = np.nan_to_num(np.abs(expected - observed), nan=np.inf)
    probe, position = np.unravel_index(int(gaps.argmax()), gaps.shape)
    return (
        f"{expected[probe, position]!s} at probe {probe}, position {position}",
        str(observed[probe, position]),
    )


def _failed(stage: str, expected: str, observed: str) -> Finding:
    return Finding(
        code="probe_failed",
        subject=f"probes: {stage}",
        expected=expected,
        observed=observed,
        remedy="install the library versions in the manifest's environment, or seal the bundle "
        "again under the installed ones",
    )


def _unreadable(error: Exception) -> Finding:
    return Finding(
        code="part_unreadable",
        subject="probes.json, probes.npz",
        expected="probe documents and arrays",
        observed=f"reading them fails with {type(error).__name__}",
        remedy="copy the bundle again from where it was sealed, or seal it again",
    )

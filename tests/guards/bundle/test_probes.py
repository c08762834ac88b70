"""The two files that hold golden documents and their expected outputs."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from guards.bundle.probes import ProbeOutputs, Probes
from guards.errors import PartError

DOCUMENTS = [{"text": "caf\u00e9", "features": {"pages": None}}, {"text": "", "features": {}}]
EXPECTED = ProbeOutputs(
    token_ids=np.array([2, 7, 3, 2, 3]),
    lengths=np.array([3, 2]),
    columns=np.array([[0.5, 1e6], [-1.25, 0.0]]),
    probabilities=np.array([[0.7, 0.2, 0.1], [0.334, 0.333, 0.333]], dtype=np.float32),
)
PROBES = Probes(DOCUMENTS, EXPECTED)


def test_probes_survive_their_files() -> None:
    """Documents and arrays come back bit by bit, with their dtypes."""
    read = Probes.from_files(PROBES.to_files())

    assert read.documents == DOCUMENTS
    for name in ("token_ids", "lengths", "columns", "probabilities"):
        ours, theirs = getattr(EXPECTED, name), getattr(read.expected, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_same_probes_give_same_files() -> None:
    """The files do not depend on when they were written."""
    assert PROBES.to_files() == PROBES.to_files()


def _arrays(**arrays: Any) -> bytes:  # noqa: ANN401 (arrays by name)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)
    return buffer.getvalue()


GOOD = {
    name: getattr(EXPECTED, name) for name in ("token_ids", "lengths", "columns", "probabilities")
}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"probes.json": b"{"},
        {"probes.npz": b""},
        {"probes.npz": b"junk"},
        {"probes.npz": _arrays(lengths=GOOD["lengths"])},
        {"probes.npz": _arrays(**GOOD, more=GOOD["lengths"])},
        {"probes.npz": _arrays(**{**GOOD, "columns": np.zeros(3)})},
        {"probes.npz": _arrays(**{**GOOD, "lengths": np.array(3)})},
        {"probes.npz": _arrays(**{**GOOD, "probabilities": np.array([["a"]])})},
        {"probes.npz": _arrays(**{**GOOD, "columns": np.array([[None]], dtype=object)})},
    ],
)
def test_malformed_files_are_refused(files: dict[str, bytes]) -> None:
    """Files that are no probes are unreadable parts; objects in arrays are never unpickled."""
    whole = {**PROBES.to_files(), **files} if files else {}

    with pytest.raises(PartError) as error:
        Probes.from_files(whole)

    assert error.value.findings[0].code == "part_unreadable"

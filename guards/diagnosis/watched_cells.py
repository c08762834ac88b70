"""The cells of the documents of two periods, of everything that is compared between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.cell_space import CellSpace, WatchedInput, reference_of
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents
    from guards.events.drift_reference import DriftReference
    from guards.evidence.columns import Categories

__all__ = ["watched_cells"]

_MAX_NAMES = 64


def watched_cells(
    told: Mapping[str, Sequence[DriftReference]], good: Documents, bad: Documents
) -> tuple[list[WatchedInput], list[NDArray[np.int16]], list[str]]:
    """Return the inputs that are watched, the cells of each period's documents, and notes.

    ``told`` is what runs told of their references. Cells are int16 [rows, inputs]; -1 stands for
    none. The notes say what cannot be compared.
    """
    references = [_references(told, documents) for documents in (good, bad)]
    distinct: list[DriftReference] = []
    for reference in (each for found in references for each in found.values()):
        if reference not in distinct:
            distinct.append(reference)
    space = CellSpace(distinct)
    notes = [
        note
        for period, documents, found in zip(("good", "bad"), (good, bad), references, strict=True)
        for note in _untold(period, documents, found)
    ]
    if coarse := [each.name for each in space.inputs if each.coarse]:
        notes.append(
            "the periods were counted over different references: of numbers only missing values "
            f"and infinities are compared ({listed(coarse)})"
        )
    cells = [
        _cells_of(space, documents, found)
        for documents, found in zip((good, bad), references, strict=True)
    ]
    watched = list(space.inputs)
    for name, column in (("segment", "segments"), ("replica", "replicas")):
        names, codes = _codes(getattr(good, column), getattr(bad, column))
        watched.append(WatchedInput(name, names, traffic=True))
        cells = [
            np.hstack([of_period, of_column[:, None]])
            for of_period, of_column in zip(cells, codes, strict=True)
        ]
    return watched, cells, notes


def _references(
    told: Mapping[str, Sequence[DriftReference]], documents: Documents
) -> dict[tuple[int, int], DriftReference]:
    """Return what was told of the references of documents, by the codes of run and reference."""
    pairs = np.unique(np.stack([documents.runs.codes, documents.references.codes]), axis=1)
    found = {}
    for run, reference in pairs.T.tolist():
        fingerprint = documents.references.names[reference] if reference >= 0 else None
        described = reference_of(told, documents.runs.names[run], fingerprint)
        if described is not None:
            found[run, reference] = described
    return found


def _untold(
    period: str, documents: Documents, references: Mapping[tuple[int, int], DriftReference]
) -> Iterator[str]:
    """Yield a note where nobody tells what the cells of documents are."""
    told = sum(int(_rows(documents, *codes).sum()) for codes in references)
    if told < len(documents):
        yield (
            f"{len(documents) - told} of {len(documents)} {period} documents have cells that no "
            "line of the log explains: their inputs are left out; add the log from the start of "
            "their service"
        )


def _rows(documents: Documents, run: int, reference: int) -> NDArray[np.bool_]:
    of_run = documents.runs.codes == run
    return np.asarray(of_run & (documents.references.codes == reference))


def _cells_of(
    space: CellSpace, documents: Documents, references: Mapping[tuple[int, int], DriftReference]
) -> NDArray[np.int16]:
    cells = np.full((len(documents), len(space.inputs)), -1, dtype=np.int16)
    for codes, described in references.items():
        rows = _rows(documents, *codes)
        cells[rows] = space.of(described, documents.cells[rows])
    return cells


def _codes(
    good: Categories, bad: Categories
) -> tuple[tuple[str, ...], tuple[NDArray[np.int16], NDArray[np.int16]]]:
    """Return the most frequent names of two columns, others joined, and the rows' numbers."""
    counts: dict[str, int] = {}
    for column in (good, bad):
        for name, count in column.counts().items():
            counts[name] = counts.get(name, 0) + count
    names = sorted(counts, key=lambda name: (-counts[name], name))[:_MAX_NAMES]
    number = {name: at for at, name in enumerate(names)}
    codes = [
        np.array([*(number.get(name, len(names)) for name in column.names), len(names) + 1])[
            column.codes
        ].astype(np.int16)
        for column in (good, bad)
    ]
    # Two more cells: all the others, and none, as a feature has missing and unknown ones.
    return (*names, "others", "none"), (codes[0], codes[1])

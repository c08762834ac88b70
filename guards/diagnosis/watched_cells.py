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
    notes = list(_untold((good, bad), references))
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
    sources = [("segment", "segments")]
    # Periods of different replicas differ by that alone, and it explains nothing.
    if good.replicas.counts().keys() & bad.replicas.counts().keys():
        sources.append(("replica", "replicas"))
    for name, column in sources:
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
    sides: Sequence[Documents], references: Sequence[Mapping[tuple[int, int], DriftReference]]
) -> Iterator[str]:
    """Yield a note where documents have no cells, and one where nobody tells what theirs are."""
    without, untold = [], []
    for documents, found in zip(sides, references, strict=True):
        has_cells = (documents.cells >= 0).any(axis=1)
        told = np.zeros(len(documents), dtype=np.bool_)
        for codes in found:
            told |= _rows(documents, *codes)
        without.append(int((~has_cells).sum()))
        untold.append(int((has_cells & ~told).sum()))
    if any(without):
        yield (
            f"{_of(without, sides)} documents have no cells, as CELLS=none or an earlier version "
            "writes them: their inputs are left out; serve with UNDERSTUDY_CELLS=grouped from now "
            "on"
        )
    if any(untold):
        yield (
            f"{_of(untold, sides)} documents have cells that no line of the log explains: their "
            "inputs are left out; add the log from the start of their service"
        )


def _of(numbers: Sequence[int], sides: Sequence[Documents]) -> str:
    good, bad = (f"{number} of {len(side)}" for number, side in zip(numbers, sides, strict=True))
    return f"{good} good and {bad} bad"


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

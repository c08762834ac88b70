"""The cells of documents that were counted over one reference or over several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.features import CHAMPION, answer_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from guards.drift.described import DescribedFeature
    from guards.events.drift_reference import DriftReference

    Cells = NDArray[np.int16]

__all__ = ["CLASS", "LABEL", "CellSpace", "WatchedInput", "reference_of"]

CLASS = f"{CHAMPION}.class"
"""The class of a document, as the champion's probabilities estimate it."""

LABEL = f"{CHAMPION}.label"
"""The label that the champion answered."""

_NOT_INPUTS = frozenset(answer_names(CHAMPION)) - {LABEL}
_COARSE = ("value", "missing", "outside")
_OTHERS = "other categories"


@dataclass(frozen=True, slots=True)
class WatchedInput:
    """Something that documents have cells of, one each.

    ``cells`` names them; missing values and what lies outside come last. ``numeric`` cells are in
    order. With ``coarse``, references differ, and values are not told apart. ``traffic`` is where
    a document comes from, and no feature of its content. ``feature`` is what all ``references``
    say of it, and None where they differ.
    """

    name: str
    cells: tuple[str, ...]
    numeric: bool = False
    coarse: bool = False
    traffic: bool = False
    feature: DescribedFeature | None = None
    references: tuple[str, ...] = ()

    @property
    def tells_replica(self) -> bool:
        """Whether it is who answered, and nothing of the document."""
        return self.traffic and self.name == "replica"

    @property
    def tells_class(self) -> bool:
        """Whether it is the label that was answered, or the estimated class."""
        return self.name in {LABEL, CLASS}


class CellSpace:
    """Makes the cells of lines comparable: those of all these references, joined as they allow.

    ``inputs`` are the features that all of them have, but for what the champion answered; its label
    tells the mix of classes. Where references differ, categories are told apart that all of them
    tell apart by name, and of numbers missing values and infinities.
    """

    def __init__(self, references: Sequence[DriftReference]) -> None:
        """Find what they have in common."""
        self.inputs: list[WatchedInput] = []
        self._references = list(references)
        self._columns: list[list[tuple[int, Cells]]] = [[] for _ in self._references]
        by_name = [
            {feature.name: (at, feature) for at, feature in enumerate(reference.features)}
            for reference in self._references
        ]
        for name in by_name[0] if by_name else ():
            if name not in _NOT_INPUTS and all(name in features for features in by_name):
                self._add(name, [features[name] for features in by_name])

    def of(self, reference: DriftReference, cells: Cells) -> Cells:
        """Return the cells of lines over a reference, int16 [rows, inputs]; -1 stands for none."""
        found = np.full((len(cells), len(self.inputs)), -1, dtype=np.int16)
        for number, (column, joined) in enumerate(self._columns[self._references.index(reference)]):
            if column < cells.shape[1]:
                told = cells[:, column]
                known = (told >= 0) & (told < len(joined))
                found[known, number] = joined[told[known]]
        return found

    def _add(self, name: str, places: Sequence[tuple[int, DescribedFeature]]) -> None:
        features = [feature for _, feature in places]
        watched, joined = _common(name, features)
        if all(feature == features[0] for feature in features):
            told = tuple(sorted({each.reference for each in self._references}))
            watched = replace(watched, feature=features[0], references=told)
        self.inputs.append(watched)
        for columns, reference, (at, feature), of_groups in zip(
            self._columns, self._references, places, joined, strict=True
        ):
            is_grouped = reference.cells == "grouped"
            columns.append((at, of_groups if is_grouped else of_groups[feature.groups]))


def reference_of(
    references: Mapping[str, Sequence[DriftReference]], run: str, fingerprint: str | None
) -> DriftReference | None:
    """Return what a run, or else another one, told of the reference with this fingerprint.

    None where nobody did, or where other runs told its cells more and less finely.
    """
    everything = [each for of_run in references.values() for each in of_run]
    for of_runs in (references.get(run, ()), everything):
        found = [each for each in of_runs if each.reference == fingerprint]
        if found and all(each == found[0] for each in found):
            return found[0]
    return None


def _common(name: str, features: Sequence[DescribedFeature]) -> tuple[WatchedInput, list[Cells]]:
    """Return what features of this name have in common, and the cell of each group of theirs."""
    numeric = features[0].edges is not None
    names = [feature.group_names() for feature in features]
    if all(feature == features[0] for feature in features):
        groups = np.arange(len(names[0]), dtype=np.int16)
        return WatchedInput(name, names[0], numeric), [groups] * len(features)
    if numeric or any(feature.edges is not None for feature in features):
        cells = [np.array([0] * (len(each) - 2) + [1, 2], dtype=np.int16) for each in names]
        return WatchedInput(name, _COARSE, numeric=True, coarse=True), cells
    told = [
        set(feature.categories.values()) & {*of}
        for feature, of in zip(features, names, strict=True)
    ]
    known = [each for each in names[0][:-2] if all(each in of for of in told)]
    common = (*known, _OTHERS, *names[0][-2:])
    number = {each: at for at, each in enumerate(known)}
    cells = [
        np.array(
            [*(number.get(each, len(known)) for each in of[:-2]), len(known) + 1, len(known) + 2],
            dtype=np.int16,
        )
        for of in names
    ]
    return WatchedInput(name, common), cells

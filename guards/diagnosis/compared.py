"""What is compared of the documents of two periods: their inputs, and which of them moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from guards.diagnosis.causes import input_causes, moved_inputs
from guards.diagnosis.class_mix import ClassMix, class_column
from guards.diagnosis.moved_inputs import InputBlocks
from guards.diagnosis.restoring import NOTHING, restored
from guards.diagnosis.samples import MAX_DRAWN, Sample
from guards.diagnosis.watched_cells import watched_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.causes import InputCause, MovedInput
    from guards.diagnosis.cell_space import WatchedInput
    from guards.diagnosis.documents import Documents
    from guards.diagnosis.restoring import Restored
    from guards.events.log_table import LogTable

    Cells = NDArray[np.int16]

__all__ = ["Compared", "shared_labels"]

_SEED = 20_260_303


@dataclass(frozen=True, slots=True)
class Compared:
    """The inputs of good and of bad documents.

    The documents are as they were ``recorded``, and as they are ``answered`` by one bundle, row by
    row the same ones; without a replay both are what was recorded. ``cells`` int16 [rows, inputs]
    are those of each period, ``blocks`` the inputs that both periods have cells of, by column, and
    ``moved`` those of them that moved. ``notes`` say what cannot be compared.
    """

    recorded: tuple[Documents, Documents]
    answered: tuple[Documents, Documents]
    cells: tuple[Cells, Cells]
    blocks: Mapping[int, InputBlocks]
    moved: Sequence[MovedInput]
    notes: Sequence[str]

    @classmethod
    def of(
        cls,
        log: LogTable,
        recorded: tuple[Documents, Documents],
        answered: tuple[Documents, Documents],
        measure: str,
        *,
        other_model: bool,
    ) -> Self:
        """Compare documents by the cells and the classes that they have as they are answered.

        With ``other_model`` answers are of different models: they are no inputs then.
        """
        watched, cells, notes = watched_cells(log.references, *answered)
        generator = np.random.default_rng(_SEED)
        labels = () if other_model else shared_labels(log, answered)
        mix = ClassMix.of(labels, answered, generator) if labels else None
        if mix is not None:
            watched.append(mix.input)
            cells = [np.column_stack(each) for each in zip(cells, mix.cells, strict=True)]
        good, bad = (
            Sample.of(documents, measure, of_period)
            for documents, of_period in zip(recorded, cells, strict=True)
        )
        blocks = dict(_input_blocks(watched, good, bad))
        drawn = (side.drawn(MAX_DRAWN, generator) for side in (good, bad))
        classes = None if other_model else class_column(blocks, *drawn)
        kept = {
            column: each
            for column, each in blocks.items()
            if not each.input.tells_class or column == classes
        }
        moved = moved_inputs(list(kept.items()))
        return cls(recorded, answered, (cells[0], cells[1]), kept, moved, notes)

    def samples(self, measure: str) -> tuple[Sample, Sample]:
        """Return what was recorded of each period."""
        return self._samples(self.recorded, measure)

    def held(
        self, measure: str, generator: np.random.Generator
    ) -> tuple[Sequence[InputCause], Restored]:
        """Return the inputs that hold a change, and what is left of it without them.

        As one bundle answers the documents, nothing but inputs differs: the difference of its
        answers is the part of the change that they can hold.
        """
        sides = self._samples(self.answered, measure)
        part = 1.0
        if self.answered is not self.recorded:
            change = _difference(self.samples(measure))
            part = _difference(sides) / change if change else 0.0
        good, bad = (side.drawn(MAX_DRAWN, generator) for side in sides)
        causes = input_causes(self.moved, good, bad, part, generator)
        columns = [cause.moved.column for cause in causes]
        held = restored(good, bad, columns, [], generator) if columns else NOTHING
        return causes, held.times(part).rest

    def _samples(
        self, documents: tuple[Documents, Documents], measure: str
    ) -> tuple[Sample, Sample]:
        good, bad = (
            Sample.of(side, measure, cells)
            for side, cells in zip(documents, self.cells, strict=True)
        )
        return good, bad


def _difference(sides: tuple[Sample, Sample]) -> float:
    good, bad = sides
    return float(good.value.mean() - bad.value.mean())


def shared_labels(log: LogTable, sides: tuple[Documents, Documents]) -> tuple[str, ...]:
    """Return the labels of the champions of both periods, sorted; none where they know others."""
    answered = {name for side in sides for name in side.champions.counts()}
    labels = {
        tuple(sorted(log.labels(champion.identity)))
        for champion in log.champions
        if champion.identity.fingerprint in answered
    }
    return labels.pop() if len(labels) == 1 else ()


def _input_blocks(
    watched: Sequence[WatchedInput], good: Sample, bad: Sample
) -> Iterator[tuple[int, InputBlocks]]:
    """Yield the inputs that both periods have cells of, with their columns."""
    for column, each in enumerate(watched):
        sides = [side.blocks(column, len(each.cells)) for side in (good, bad)]
        if all(side.documents.sum() for side in sides):
            yield column, InputBlocks(each, *sides)

"""The three terms of the changes of confidence and accuracy, each by the inputs that hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.causes import holding_inputs
from guards.diagnosis.samples import MAX_DRAWN, Sample
from guards.diagnosis.three_terms import three_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from guards.diagnosis.causes import MovedInput
    from guards.diagnosis.documents import Documents
    from guards.diagnosis.drop import Drop
    from guards.diagnosis.three_terms import ThreeTerms

__all__ = ["terms_by_measure"]

_MEASURES = ("confidence", "accuracy")


def terms_by_measure(
    drop: Drop,
    periods: Sequence[tuple[Documents, NDArray[np.int16]]],
    moved: Sequence[MovedInput],
    held: Sequence[MovedInput],
    generator: np.random.Generator,
) -> dict[str, ThreeTerms]:
    """Return the terms of confidence and, with labels, of accuracy.

    ``periods`` are the documents of the good and of the bad one, with their cells. ``held`` are the
    inputs that hold the change that is explained; another change beyond chance has inputs of its
    own among those that ``moved``. Which replica answers is no kind of document.
    """
    terms = {}
    for measure in _MEASURES:
        if measure not in drop.changes:
            continue
        good, bad = (Sample.of(documents, measure, cells) for documents, cells in periods)
        inputs = held
        if measure != drop.measure and drop.is_beyond_chance(measure):
            before, now = (side.drawn(MAX_DRAWN, generator) for side in (good, bad))
            inputs = holding_inputs(moved, before, now)
        kinds = [each for each in inputs if not each.input.tells_replica]
        found = three_terms(good, bad, kinds, generator)
        if found is not None:
            terms[measure] = found
    return terms

"""The mix of classes as probabilities tell it, of a champion that confuses two of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import optimize, stats

from guards.diagnosis.cell_space import CLASS, LABEL, WatchedInput
from guards.diagnosis.class_mix import ClassMix, class_column, class_shares
from guards.diagnosis.moved_inputs import InputBlocks
from guards.diagnosis.restoring import restored_share
from guards.diagnosis.samples import Sample
from tests.guards.diagnosis.test_class_residuals import answered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guards.diagnosis.documents import Documents

    Floats = NDArray[np.float64]

LABELS = ("contract", "invoice", "letter")
USUAL = np.array([0.4, 0.35, 0.25])
LETTERS = np.array([0.1, 0.2, 0.7])
MIDDLES = np.array([3.0, -3.0, 1.2])
"""Of two numbers, for each class: contracts and letters are alike."""

ROWS = 4_000
EDGES = np.linspace(-8, 8, 17)


@dataclass
class Drawn:
    """Documents of some classes: two numbers, of which the champion knows the first."""

    pages: Floats
    amount: Floats

    @classmethod
    def of(cls, seed: int, shares: Floats) -> Drawn:
        """Draw documents of a mix of classes."""
        generator = np.random.default_rng(seed)
        middles = MIDDLES[generator.choice(len(shares), ROWS, p=shares)]
        pages, amount = middles + generator.normal(size=(2, ROWS))
        return cls(pages, amount)

    @property
    def probabilities(self) -> Floats:
        """What a champion makes of them that is calibrated for the usual mix."""
        joint = USUAL * stats.norm.pdf(self.pages[:, None] - MIDDLES) + 1e-12
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))

    @property
    def documents(self) -> Documents:
        """The documents of a log, of which only this counts."""
        told = answered(np.arange(ROWS) // 100, ["x"] * ROWS, np.ones(ROWS), np.ones(ROWS))
        return replace(told, probabilities=self.probabilities.astype(np.float32))


def compared(bad: Drawn) -> tuple[dict[str, int], dict[int, InputBlocks], Sample, Sample]:
    """Return the columns of what is compared of usual documents and these, by name."""
    both = Drawn.of(1, USUAL), bad
    mix = ClassMix.of(LABELS, (both[0].documents, bad.documents), np.random.default_rng(5))
    assert mix is not None
    good, other = (
        Sample(
            np.arange(ROWS) // 100,
            drawn.probabilities.max(axis=1),
            np.column_stack(
                [
                    np.digitize(drawn.pages, EDGES),
                    np.digitize(drawn.amount, EDGES),
                    drawn.probabilities.argmax(axis=1),
                    cells,
                ]
            ).astype(np.int16),
        )
        for drawn, cells in zip(both, mix.cells, strict=True)
    )
    numbers = tuple(map(str, range(len(EDGES) + 3)))
    watched = (
        WatchedInput("pages", numbers, numeric=True),
        WatchedInput("amount", numbers, numeric=True),
        WatchedInput(LABEL, mix.input.cells),
        mix.input,
    )
    blocks = {
        column: InputBlocks(each, *(side.blocks(column, len(each.cells)) for side in (good, other)))
        for column, each in enumerate(watched)
    }
    return {each.name: column for column, each in enumerate(watched)}, blocks, good, other


def test_the_shares_are_the_likeliest_ones() -> None:
    """A general optimiser finds the same ones, near the true mix, which the answers hide."""
    probabilities = Drawn.of(2, LETTERS).probabilities
    found = class_shares(probabilities, USUAL)

    def unlikely(logits: Floats) -> float:
        shares = np.exp(logits) / np.exp(logits).sum()
        return -float(np.log(probabilities @ (shares / USUAL)).sum())

    best = optimize.minimize(unlikely, np.zeros(3), tol=1e-9).x
    np.testing.assert_allclose(found, np.exp(best) / np.exp(best).sum(), atol=1e-3)
    np.testing.assert_allclose(found, LETTERS, atol=0.03)
    answers = np.bincount(probabilities.argmax(axis=1), minlength=3) / ROWS
    assert answers[2] < LETTERS[2] - 0.05


def test_the_usual_mix_stays_what_it_is() -> None:
    """The shares of the prior are where nothing changed."""
    probabilities = Drawn.of(3, USUAL).probabilities
    prior = probabilities.mean(axis=0)
    np.testing.assert_allclose(class_shares(probabilities, prior), prior, atol=1e-6)


def test_a_class_that_never_came_is_no_class() -> None:
    """It has no share, and nothing becomes NaN."""
    probabilities = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    shares = class_shares(probabilities, np.array([0.75, 0.25, 0.0]))
    assert shares[2] == 0
    assert shares.sum() == pytest.approx(1)


def test_another_mix_is_told_by_the_estimated_class() -> None:
    """Undoing it restores all of the change; undoing that of the answers does not."""
    columns, blocks, good, bad = compared(Drawn.of(2, LETTERS))
    assert class_column(blocks, good, bad) == columns[CLASS]
    assert restored_share(good, bad, [columns[CLASS]], []) == pytest.approx(1, abs=0.1)
    assert restored_share(good, bad, [columns[LABEL]], []) < 0.8


@pytest.mark.parametrize("unit", [0.5, -1.0, 2.0])
def test_another_unit_is_no_mix(unit: float) -> None:
    """The answers change as if the mix had; the number stays where it is with any mix."""
    bad = Drawn.of(2, USUAL)
    bad.pages *= unit
    columns, blocks, good, other = compared(bad)
    assert class_column(blocks, good, other) == columns[LABEL]


def test_without_another_input_it_is_the_estimated_class() -> None:
    """As of texts alone; where no probabilities are known it is the label, or nothing."""
    columns, blocks, good, bad = compared(Drawn.of(2, LETTERS))
    told = {column: blocks[column] for column in (columns[LABEL], columns[CLASS])}
    assert class_column(told, good, bad) == columns[CLASS]
    del told[columns[CLASS]]
    assert class_column(told, good, bad) == columns[LABEL]
    del told[columns[LABEL]]
    assert class_column(told, good, bad) is None


def test_a_line_without_probabilities_has_no_class() -> None:
    """The others have one; without labels of as many classes there is none at all."""
    documents = Drawn.of(2, USUAL).documents
    documents.probabilities[::2] = np.nan
    documents.probabilities[1] = 0
    generator = np.random.default_rng(1)
    mix = ClassMix.of(LABELS, (documents, documents), generator)
    assert mix is not None
    for cells in mix.cells:
        assert set(cells[::2]) == {-1}
        assert cells[1] == -1
        assert set(cells[3::2]) == {0, 1, 2}
    assert ClassMix.of(LABELS[:2], (documents, documents), generator) is None
    documents.probabilities[:] = np.nan
    assert ClassMix.of(LABELS, (documents, documents), generator) is None


def test_a_class_that_was_never_probable_can_come() -> None:
    """As with probabilities of 0 and 1: it is drawn as what it is, and no other one."""
    certain = np.eye(3, dtype=np.float32)
    good = replace(Drawn.of(1, USUAL).documents, probabilities=certain[np.arange(ROWS) % 2])
    numbers = np.arange(ROWS) % 3
    bad = replace(good, probabilities=certain[numbers])
    mix = ClassMix.of(("memo", "note", "other"), (good, bad), np.random.default_rng(1))
    assert mix is not None
    assert mix.cells[1].tolist() == numbers.tolist()
    early = replace(good, probabilities=certain[1 + np.arange(ROWS) % 2])
    mix = ClassMix.of(("memo", "note", "other"), (early, bad), np.random.default_rng(1))
    assert mix is not None
    assert mix.cells[1].tolist() == numbers.tolist()


def test_answers_that_did_not_move_tell_no_mix() -> None:
    """Of texts alone: the labels are answered as often as before, whatever the estimate is."""
    columns, blocks, good, bad = compared(Drawn.of(3, USUAL))
    bad.cells[: ROWS // 4, columns[CLASS]] = 0
    told = {column: blocks[column] for column in (columns[LABEL], columns[CLASS])}
    assert class_column(told, good, bad) == columns[LABEL]


def test_classes_of_few_documents_explain_nothing() -> None:
    """Where no class has enough bad documents to weight, no input is taken back."""
    columns, blocks, good, bad = compared(Drawn.of(2, LETTERS))
    few = Sample(bad.block[:9], bad.value[:9], bad.cells[:9])
    assert class_column(blocks, good, few) == columns[LABEL]

"""A column of the output and its steps: what is described, and what is not compilable."""

from __future__ import annotations

import math

import pytest

from artifacts.bundle.compiled.outputs import (
    Affine,
    CategoricalOutput,
    Fill,
    Flag,
    NotCompilable,
    NumericOutput,
)

NUMBER = NumericOutput("pages", absent=math.nan)


def test_a_sparse_array_holds_no_negative_zero() -> None:
    """Adding zero, which turns -0 into 0, joins the last scaling, or is a step of its own."""
    scaled = NUMBER.then(Affine(divide=2.0)).made_sparse()
    clipped = NUMBER.then(Affine(lowest=0.0, highest=1.0)).made_sparse()

    assert scaled.steps == (Affine(divide=2.0, add=0.0),)
    assert [step.adds for step in scaled.steps if isinstance(step, Affine)] == [True]
    assert len(clipped.steps) == 2
    assert scaled.made_sparse() is scaled


@pytest.mark.parametrize(
    ("output", "step"),
    [
        (NUMBER.made_sparse(), Affine()),
        (NUMBER.then(Affine()), Flag(math.nan)),
        (NUMBER, Fill(missing=-1.0, value=0.0)),
        (NUMBER, Flag(-1.0)),
    ],
    ids=["sparse", "flag of a changed number", "NaN is not filled", "NaN is not flagged"],
)
def test_steps_that_are_not_compilable(output: NumericOutput, step: Fill | Flag | Affine) -> None:
    """What scikit-learn may compute differently is left to it."""
    with pytest.raises(NotCompilable):
        output.then(step)


def test_after_an_encoder_all_other_texts_are_alike() -> None:
    """An encoder of raw categories closes the output; one after arithmetic does not."""
    category = CategoricalOutput("court")

    assert category.encoded(frozenset({"NDCA"})).closed
    assert not category.then(Affine()).encoded(frozenset({"NDCA"})).closed
    assert category.encoded(frozenset({"NDCA"})).knowing(frozenset({"SDNY"})).known == {"NDCA"}

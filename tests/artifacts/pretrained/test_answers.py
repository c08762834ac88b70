"""What answers may differ by, and functions that remember what they were asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from artifacts.pretrained.answers import (
    check_equal,
    check_finite_answer,
    check_unchanged,
    difference_of,
    largest_weights,
)
from guards.errors import GuardRefused

TEXTS = ["a long text", "a short text", "another"]


@pytest.mark.parametrize("expected", [0.0, 1.0, -3.0, 5e4])
@pytest.mark.parametrize("share", [0.9, 1.1])
def test_tolerance(expected: float, share: float) -> None:
    """Answers may differ by 1e-5, and by 1e-5 of what is expected."""
    exact = torch.tensor([[expected]], dtype=torch.float64)
    difference = share * (1e-5 + 1e-5 * abs(expected))

    found = difference_of(exact + difference, exact)

    if share < 1:
        assert found is None
    else:
        assert found == pytest.approx(difference)


@pytest.mark.parametrize("other", [[[1.0, 2.0]], [[float("nan")]], [[float("inf")]]])
def test_answers_that_cannot_be_compared(other: list[list[float]]) -> None:
    """An answer of another shape, or none, is another answer, and the text is named."""
    with pytest.raises(GuardRefused, match="a long text is answered otherwise"):
        check_equal(
            "--model here", TEXTS[0], torch.tensor(other), torch.tensor([[1.0]]), to="the other"
        )


def test_answers_that_stay() -> None:
    """A function of its argument alone is asked each text twice, and its answers are returned."""
    asked: list[int] = []

    def answer(index: int) -> torch.Tensor:
        asked.append(index)
        return torch.tensor([[float(index)]])

    answers = check_unchanged("--model here", TEXTS, answer)

    np.testing.assert_array_equal(torch.cat(answers).ravel(), [0.0, 1.0, 2.0])
    assert asked == [0, 1, 2, 2, 1, 0]


def test_answers_that_depend_on_those_before() -> None:
    """What switches over at a short text gives itself away when the long one comes again."""
    met_short: list[bool] = []

    def answer(index: int) -> torch.Tensor:
        if index == 1:
            met_short.append(True)
        return torch.tensor([[float(index), 2.0 if met_short else 1.0]])

    with pytest.raises(GuardRefused, match="after other texts, a long text") as refusal:
        check_unchanged("--model here", TEXTS, answer)
    assert refusal.value.findings[0].code == "model_changes_itself"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_answer_that_is_not_finite(value: float) -> None:
    """An answer without a finite number is refused, and the text is named."""
    with pytest.raises(GuardRefused, match="no finite number for row 7"):
        check_finite_answer("--model here", "row 7", torch.tensor([[0.0, value]]))


@pytest.mark.parametrize("rows", [3, 40])
def test_largest_weights(rows: int) -> None:
    """The rows with the largest numbers of either sign are found, 16 of them at most."""
    embedding = torch.zeros(rows, 4)
    embedding[1, 2], embedding[2, 0] = -9.0, 8.0

    found = largest_weights(embedding)

    assert {1, 2} <= set(found)
    assert len(found) == min(rows, 16)

"""Labels that look exchanged, and answers that only look bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.evaluation.encoded_table import EncodedTable
from artifacts.sealing.answer_check import exchanged_labels, not_finite_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NAMES = tuple("abcdefghijkl")


def answered(
    truth: NDArray[np.int64], permutation: Sequence[int], accuracy: float, seed: int = 0
) -> NDArray[np.int64]:
    """Return answers that are right so often, under the names of the permutation."""
    generator = np.random.default_rng(seed)
    wrong = generator.integers(len(permutation), size=len(truth))
    right = generator.random(len(truth)) < accuracy
    return np.asarray(np.array(permutation)[np.where(right, truth, wrong)])


def rows_of(shares: Sequence[float], rows: int, seed: int = 1) -> NDArray[np.int64]:
    """Return label indices drawn with these shares."""
    return np.random.default_rng(seed).choice(len(shares), size=rows, p=shares)


@pytest.mark.parametrize(
    ("shares", "permutation", "rows"),
    [
        ([0.5, 0.5], [1, 0], 40),
        ([0.95, 0.05], [1, 0], 300),
        ([0.3, 0.3, 0.4], [1, 2, 0], 40),
        ([0.25] * 4, [0, 2, 1, 3], 200),
        ([1 / 12] * 12, sorted(range(12), key=str), 400),
    ],
    ids=[
        "two", "rare one", "three in turn", "two of four", "sorted as texts",
    ],
)  # fmt: skip
def test_exchanged_labels(shares: list[float], permutation: list[int], rows: int) -> None:
    """A good model under permuted names is found out, and the exchanged labels are named."""
    truth = rows_of(shares, rows)
    labels = NAMES[: len(shares)]

    finding = exchanged_labels(answered(truth, permutation, 0.9), truth, labels)

    assert finding is not None
    assert finding.code == "labels_exchanged"
    first = next(index for index, answer in enumerate(permutation) if answer != index)
    pair = f"{labels[permutation[first]]!r} where the table has {labels[first]!r}"
    assert pair in finding.observed


@pytest.mark.parametrize(
    ("shares", "permutation"),
    [
        ([0.98, 0.02], [1, 0]),
        ([0.02, 0.98], [1, 0]),
        ([0.02, 0.03, 0.95], [2, 0, 1]),
        ([0.02, 0.03, 0.95], [1, 2, 0]),
        ([0.02, 0.49, 0.49], [1, 0, 2]),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_exchanged_labels_of_which_some_are_rare(
    shares: list[float], permutation: list[int], seed: int
) -> None:
    """Of rare labels a model says more than there are, which makes the rest no less certain."""
    truth = rows_of(shares, 1000, seed)

    finding = exchanged_labels(answered(truth, permutation, 0.8, seed), truth, NAMES[: len(shares)])

    assert finding is not None
    assert "with these exchanged" in finding.observed


@pytest.mark.parametrize("accuracy", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("count", [2, 3, 12])
@pytest.mark.parametrize("seed", range(10))
def test_models_under_their_own_names(accuracy: float, count: int, seed: int) -> None:
    """Neither a good model, a weak one nor one that guesses has labels to exchange."""
    truth = rows_of([1 / count] * count, 300, seed)

    found = exchanged_labels(answered(truth, range(count), accuracy, seed), truth, NAMES[:count])

    assert found is None


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.95, 0.05], [0.05, 0.95], [0.1, 0.2, 0.7]])
@pytest.mark.parametrize("answer", [0, 1])
def test_one_answer_to_everything(shares: list[float], answer: int) -> None:
    """A model that always says the same is bad, and no exchange would mend it."""
    truth = rows_of(shares, 300)

    assert exchanged_labels(np.full(300, answer), truth, NAMES[: len(shares)]) is None


def test_weak_answers_that_follow_no_exchange() -> None:
    """Answers that are right less often than by chance, and never right, are told as such."""
    truth = np.repeat(np.arange(4), 50)
    spread = np.tile([1, 2, 3], 67)[:200]
    answers = (truth + spread) % 4

    finding = exchanged_labels(answers, truth, NAMES[:4])

    assert finding is not None
    assert finding.observed == "0 of 200 rows are right, and 50 would be by chance"


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("share", [0.6, 0.9, 0.97])
@pytest.mark.parametrize("shares", [[0.98, 0.02], [0.9, 0.05, 0.05], [0.25] * 4])
def test_answers_that_do_not_depend_on_the_text(
    shares: list[float], share: float, seed: int
) -> None:
    """A model that mostly says the same, whatever the text, has no labels to exchange."""
    count = len(shares)
    others = [(1 - share) / (count - 1)] * (count - 1)
    truth, answers = rows_of(shares, 1000, seed), rows_of([*others, share], 1000, seed + 100)

    finding = exchanged_labels(answers, truth, NAMES[:count])

    assert finding is None or "by chance" in finding.observed


def test_rare_rows_that_are_answered_otherwise() -> None:
    """A model that says the same to nearly all rows is not mended by the few of another answer."""
    truth = np.repeat([0, 1], [9500, 500])
    answers = np.where(np.arange(10_000) % 33, 1, 0)
    answers[9500:9540] = 0

    assert exchanged_labels(answers, truth, NAMES[:2]) is None


def test_ten_rows_that_are_all_wrong() -> None:
    """Ten rows of two labels, each answered with the other, are enough."""
    truth = np.arange(10) % 2

    assert exchanged_labels(1 - truth, truth, NAMES[:2]) is not None


@pytest.mark.parametrize("rows", [1, 2, 6])
def test_few_rows(rows: int) -> None:
    """A few rows that are all wrong may be bad luck."""
    truth = np.arange(rows) % 2

    assert exchanged_labels(1 - truth, truth, NAMES[:2]) is None


def test_many_labels() -> None:
    """A thousand labels of eight rows each, all one place further, are found out."""
    truth = np.repeat(np.arange(1000), 8)
    labels = [f"class {index}" for index in range(1000)]

    finding = exchanged_labels((truth + 1) % 1000, truth, labels)

    assert finding is not None
    assert "and 997 more" in finding.observed
    assert exchanged_labels(truth, truth, labels) is None


def test_rows_without_a_finite_number() -> None:
    """The first row that is not answered with numbers is named as in its table."""
    logits = np.zeros((3, 2), dtype=np.float32)
    table = EncodedTable([{}] * 3, [], np.zeros(3, dtype=np.int64), rows=[4, 9, 2])
    assert not_finite_answer(logits, table) is None
    logits[1, 0] = np.nan

    finding = not_finite_answer(logits, table)
    assert finding is not None
    assert finding.observed == "no finite number for row 9"

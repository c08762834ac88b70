"""How far an engine's answers may be from the network's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.bundle.engines import ONNX_INT8, TORCH_BF16
from guards.integrity.parity import NOTABLE, check_engine_probes, check_parity, parity_of

if TYPE_CHECKING:
    from guards.bundle.engines import Parity

LABELS = ("contract", "invoice", "letter")


def distributions(
    seed: int, documents: int = 200
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Draw probabilities over the labels."""
    generator = np.random.default_rng(seed)
    return generator.dirichlet(np.ones(len(LABELS)), documents).astype(np.float32)


def test_equal_answers_have_no_distance() -> None:
    """An engine that changes nothing has zeros throughout, and is within any budget."""
    answers = distributions(1)

    report = parity_of(answers, answers, LABELS, 0.0)

    assert (report.flips, report.largest_probability_change) == (0, 0.0)
    assert report.within


def test_figures_are_those_of_numpy() -> None:
    """Flips, shifts and changes, in all and for each class of the network's answer."""
    expected, observed = distributions(1), distributions(2)

    report = parity_of(expected, observed, LABELS, 0.005)

    shift = observed.max(axis=1).astype(float) - expected.max(axis=1)
    flips = expected.argmax(axis=1) != observed.argmax(axis=1)
    assert report.documents == len(expected)
    assert report.flips == flips.sum()
    assert report.mean_confidence_shift == pytest.approx(shift.mean())
    assert abs(report.largest_confidence_shift) == pytest.approx(np.abs(shift).max())
    assert report.largest_probability_change == pytest.approx(np.abs(observed - expected).max())
    for index, label in enumerate(LABELS):
        mine = expected.argmax(axis=1) == index
        assert report.per_class[label].documents == mine.sum()
        assert report.per_class[label].flips == flips[mine].sum()
        assert report.per_class[label].mean_confidence_shift == pytest.approx(shift[mine].mean())


def test_a_class_without_documents_is_there_with_zeros() -> None:
    """Nobody has to ask whether a class was left out or never came."""
    sure = np.array([[0.9, 0.05, 0.05]], dtype=np.float32)

    assert parity_of(sure, sure, LABELS, 0.0).per_class["letter"].documents == 0


@pytest.mark.parametrize(("flips", "within"), [(0, True), (1, True), (2, False)])
def test_the_budget_is_a_share_of_the_documents(flips: int, within: bool) -> None:  # noqa: FBT001 (a parameter)
    """Of 200 documents at most one may flip at half a per cent."""
    answers = np.tile(np.array([0.8, 0.1, 0.1], dtype=np.float32), (200, 1))
    changed = answers.copy()
    changed[:flips] = [0.1, 0.8, 0.1]

    assert parity_of(answers, changed, LABELS, 0.005).within is within


def report(*, within: bool) -> Parity:
    """Make a report on one side of its budget."""
    answers = distributions(1)
    return parity_of(answers, answers if within else np.roll(answers, 1, axis=1), LABELS, 0.005)


def test_an_engine_without_a_good_report_is_refused() -> None:
    """A bundle may not carry an engine that nobody compared, or that was found wanting."""
    (bad,) = check_parity([ONNX_INT8], {ONNX_INT8: report(within=False)})
    (unknown,) = check_parity([ONNX_INT8], {TORCH_BF16: report(within=True)})

    assert not list(check_parity([ONNX_INT8], {ONNX_INT8: report(within=True)}))
    assert (bad.code, bad.subject) == ("engine_over_budget", ONNX_INT8)
    assert "labels flip" in bad.observed
    assert (unknown.code, unknown.observed) == ("engine_over_budget", "no parity report")


@pytest.mark.parametrize("name", ["torch", "zzz", "", "ONNX-INT8", "onnx-int8\n"])
def test_an_engine_that_does_not_exist_is_refused(name: str) -> None:
    """Nothing would look at its files; a good report does not help."""
    for carried in ([name], []):
        (found,) = check_parity(carried, {name: report(within=True)})
        assert found.code == "manifest_invalid"
        assert found.observed == f"an engine {name!r}"


def test_small_differences_between_processors_pass() -> None:
    """Rounding moves a probability a little, and a label where two were about as probable."""
    sealed = np.array([[0.48, 0.47, 0.05], [0.9, 0.05, 0.05]], dtype=np.float32)
    moved = np.array([[0.465, 0.485, 0.05], [0.9 - 0.9 * NOTABLE, 0.095, 0.005]], dtype=np.float32)

    assert not list(check_engine_probes("onnx-int8", sealed, moved, LABELS))


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param([[0.8, 0.15, 0.05]], id="a probability moved"),
        pytest.param([[np.nan, 0.05, 0.05]], id="not a number"),
        pytest.param([[0.9, 0.1]], id="another number of classes"),
    ],
)
def test_other_answers_than_when_it_was_built_are_a_finding(observed: list[list[float]]) -> None:
    """A processor on which the same graph answers otherwise is noticed."""
    sealed = np.array([[0.9, 0.05, 0.05]], dtype=np.float32)

    found = list(check_engine_probes("onnx-int8", sealed, np.array(observed, np.float32), LABELS))

    assert [one.code for one in found] == ["engine_probe_failed"]

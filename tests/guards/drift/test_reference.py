"""What the reference keeps of the held-out rows, and its way through JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.calibration import CONFIDENCE_BINS, Calibration
from guards.drift.feature_reference import (
    CONFIDENCE_QUANTA,
    AnsweredRows,
    CategoricalReference,
    NumericReference,
)
from guards.drift.harm.cross_fitting import HeldOutResidual
from guards.drift.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

COLUMNS = {
    "lognormal": np.random.default_rng(1).lognormal(size=5_000),
    "zero-inflated": np.append(np.zeros(3_000), np.random.default_rng(2).normal(size=2_000)),
    "whole numbers": np.random.default_rng(3).poisson(3, size=5_000).astype(np.float64),
    "large offset": 1.7e9 + np.random.default_rng(4).normal(size=5_000),
    "huge": np.random.default_rng(5).normal(size=5_000) * 1e300,
    "nearly constant": np.append(np.full(999, 1e15), 1e15 + 0.125),
    "smallest": np.array([1e-321, 3e-321] * 50),
    "tiny": np.random.default_rng(6).normal(size=5_000) * 1e-310,
    "full range": np.array([-1.7976931348623157e308, 0.0, 1.7976931348623157e308] * 50),
    "constant": np.full(100, 0.1),
    "zeros": np.zeros(100),
    "one value": np.array([7.0]),
    "nothing finite": np.array([np.nan, np.inf, -np.inf, np.nan]),
    "nothing": np.empty(0),
    "with gaps": np.where(np.arange(5_000) % 7 == 0, np.nan, np.arange(5_000) / 3),
}


def a_reference() -> Reference:
    """Build a small reference with a feature of every kind."""
    confidence = np.linspace(0.4, 1.0, 60)
    answered = AnsweredRows(confidence[:7], np.arange(7) % 2 == 0)
    pages = np.array([1.0, 2.0, 2.0, 2.0, 9.5, np.nan, np.inf])
    courts = ["NDCA", "Zürich", "", "EDTX", "Zürich", "Zürich", "Zürich"]
    return Reference(
        features={
            "pages": NumericReference.of(pages, answered=answered),
            "court": CategoricalReference.of(courts, ["NDCA", "Zürich"], answered=answered),
            "client": CategoricalReference.of(
                ["acme"] * 7, ["acme", "emca"], private=True, answered=answered
            ),
        },
        documents=7,
        calibration={"contract": Calibration.of(confidence.tolist(), [True, False, True] * 20)},
    )


@pytest.mark.parametrize("column", COLUMNS)
def test_counts_agree_with_numpy(column: str) -> None:
    """Each document of any column is counted once, in the cell where numpy's histogram has it."""
    values = COLUMNS[column]
    reference = NumericReference.of(values)
    finite = values[np.isfinite(values)]
    oracle, _ = np.histogram(finite, bins=[-np.inf, *reference.edges, np.inf])
    assert list(reference.counts) == oracle.tolist()
    assert reference.missing == np.isnan(values).sum()
    assert reference.infinite == np.isinf(values).sum()
    assert sum(reference.counts) + reference.missing + reference.infinite == len(values)


@pytest.mark.parametrize("column", COLUMNS)
def test_no_reference_value_lies_outside(column: str) -> None:
    """Underflow is empty in the reference, and so is overflow unless it holds the last double."""
    reference = NumericReference.of(COLUMNS[column])
    if reference.edges:
        assert reference.counts[0] == 0
        assert reference.counts[-1] == 0 or reference.maximum == np.finfo(np.float64).max


@pytest.mark.parametrize("bins", [2, 10, 32, 64])
def test_continuous_cells_hold_equal_shares(bins: int) -> None:
    """A continuous column gets as many cells as asked for, with equal shares of the documents."""
    reference = NumericReference.of(COLUMNS["lognormal"], bins=bins)
    inner = np.array(reference.counts[1:-1])
    assert len(inner) == bins
    assert np.abs(inner - 5_000 / bins).max() <= 2


def test_atom_has_a_cell_of_its_own() -> None:
    """The zeros of a zero-inflated column are counted apart from their closest neighbours."""
    reference = NumericReference.of(COLUMNS["zero-inflated"])
    at = reference.edges.index(0.0)
    assert reference.edges[at + 1] == math.nextafter(0.0, math.inf)
    assert reference.counts[at + 1] == 3_000


@pytest.mark.parametrize(("copies", "smaller"), [(120, 150), (100, 0)])
def test_value_with_more_than_its_share_is_an_atom(copies: int, smaller: int) -> None:
    """A value above one share, or one that two quantiles fall on, is counted alone."""
    others = np.arange(1.0, 3201.0 - copies)
    others[:smaller] *= -1
    reference = NumericReference.of(np.append(np.zeros(copies), others))
    assert reference.counts[reference.edges.index(0.0) + 1] == copies


def test_few_values_are_all_atoms() -> None:
    """With fewer values than cells, each value is counted alone and the gaps are empty."""
    reference = NumericReference.of(np.array([3.0, 1.0, 2.0]))
    assert reference.counts == (0, 1, 0, 1, 0, 1, 0)


@pytest.mark.parametrize("column", COLUMNS)
def test_quantum_is_a_power_of_two(column: str) -> None:
    """The step of the sums is a power of two for every column, however odd."""
    assert math.frexp(NumericReference.of(COLUMNS[column]).quantum)[0] == 0.5


def test_quantum_follows_the_spread() -> None:
    """The step is between half and one 4096th of a deviation, and of the magnitude if constant."""
    spread = NumericReference.of(COLUMNS["lognormal"]).quantum * 4096
    assert 0.5 < spread / COLUMNS["lognormal"].std() <= 1
    assert NumericReference.of(np.full(9, -3.0)).quantum == 2 / 4096
    assert NumericReference.of(np.zeros(9)).quantum == 1 / 4096


@pytest.mark.parametrize(
    "column", ["lognormal", "zero-inflated", "large offset", "nearly constant", "with gaps"]
)
def test_moments_agree_with_numpy(column: str) -> None:
    """Mean and deviation from the fixed-point sums are numpy's to within one quantum."""
    values = COLUMNS[column]
    reference = NumericReference.of(values)
    finite, n = values[np.isfinite(values)], sum(reference.counts)
    mean = reference.total / n * reference.quantum
    variance = (n * reference.total_squares - reference.total**2) / n**2 * reference.quantum**2
    assert mean == pytest.approx(finite.mean(), abs=reference.quantum)
    assert math.sqrt(variance) == pytest.approx(finite.std(), abs=reference.quantum)


def test_categories_come_from_the_dictionary() -> None:
    """Held-out values are counted in the dictionary's order; the rest is missing or unknown."""
    reference = CategoricalReference.of(["b", "x", "", "b", "y", ""], ["a", "b"])
    assert reference.counts == (0, 2)
    assert (reference.missing, reference.unknown) == (2, 2)


def test_calibration_bins() -> None:
    """A confidence is counted in its two-hundredth of the unit interval, and 1 in the last."""
    calibration = Calibration.of([0.0, 0.0049, 0.005, 0.999, 1.0], [True, False, True, True, False])
    assert (calibration.documents[0], calibration.correct[0]) == (2, 1)
    assert (calibration.documents[1], calibration.correct[1]) == (1, 1)
    assert (calibration.documents[-1], calibration.correct[-1]) == (2, 1)
    assert len(calibration.documents) == CONFIDENCE_BINS


def test_calibration_of_a_label_never_predicted() -> None:
    """A label that no held-out document got has an empty calibration, not an error."""
    assert sum(Calibration.of([], []).documents) == 0


def test_confidence_and_right_answers_are_those_of_the_rows_of_a_cell() -> None:
    """Over any cells, the sums are numpy's over the rows that fall there."""
    generator = np.random.default_rng(7)
    values = generator.choice([1.0, 2.0, 5.0, np.nan, np.inf], size=400)
    answered = AnsweredRows(generator.random(400), generator.random(400) < 0.7)
    reference = NumericReference.of(values, answered=answered)
    assert reference.answers is not None
    for value in (1.0, 2.0, 5.0, np.nan, np.inf):
        rows = np.isnan(values) if np.isnan(value) else values == value
        cell = list(reference.cell_counts).index(rows.sum())
        confidence = reference.answers.confidence[cell] / CONFIDENCE_QUANTA
        assert confidence == pytest.approx(answered.confidence[rows].sum(), abs=1e-2)
        assert reference.answers.correct[cell] == answered.correct[rows].sum()


def test_the_first_format_is_read_and_written_as_it_was() -> None:
    """A reference without answers has the JSON, and so the fingerprint, that it was sealed with."""
    data = {
        "schema": 1,
        "documents": 3,
        "features": {
            "court": {"kind": "categorical", "categories": ["NDCA"], "counts": [2], "missing": 1,
                      "unknown": 0, "private": False},
            "pages": {"kind": "numeric", "edges": [1.0], "counts": [1, 2], "missing": 0,
                      "infinite": 0, "quantum": 1.0, "total": 3, "total_squares": 5, "minimum": 0.0,
                      "maximum": 2.0},
        },
        "calibration": {},
    }  # fmt: skip
    reference = Reference.from_json(data)
    assert (reference.format, reference.to_json()) == (1, data)


def test_round_trip() -> None:
    """A reference read back from its JSON text is equal and has the same fingerprint."""
    reference = a_reference()
    again = Reference.from_json(json.loads(json.dumps(reference.to_json(), allow_nan=False)))
    assert again == reference
    assert again.fingerprint == reference.fingerprint


@pytest.mark.parametrize("column", COLUMNS)
def test_round_trip_of_any_column(column: str) -> None:
    """The edges of any column survive JSON to the last bit."""
    reference = NumericReference.of(COLUMNS[column])
    text = json.dumps(reference.to_json(), allow_nan=False)
    assert NumericReference.from_json(json.loads(text)) == reference


def test_fingerprint_ignores_key_order_and_sees_every_count() -> None:
    """The fingerprint depends on what the reference says, not on how its JSON was ordered."""
    reference = a_reference()
    data = reference.to_json()
    data["features"] = dict(reversed(data["features"].items()))
    assert Reference.from_json(data).fingerprint == reference.fingerprint
    assert reference.fingerprint.startswith("sha256:")
    assert len(reference.fingerprint) == len("sha256:") + 64
    data["features"]["court"]["unknown"] += 1
    assert Reference.from_json(data).fingerprint != reference.fingerprint


def test_whole_edges_may_lose_their_fraction() -> None:
    """A JSON writer that turns 1.0 into 1 does not change the reference."""
    data = a_reference().to_json()
    data["features"]["pages"]["edges"][0] = 1
    assert Reference.from_json(data).fingerprint == a_reference().fingerprint


MALFORMED: dict[str, tuple[Callable[[JsonObject], object], str]] = {
    "another schema": (lambda d: d.update(schema=4), "schema must be one of 1, 2, 3, found 4"),
    "a later schema than its features": (
        lambda d: d["features"]["pages"].pop("confidence"),
        "schema 2 has confidence and correct in every feature",
    ),
    "an answer too few": (
        lambda d: d["features"]["pages"]["correct"].pop(),
        "features.pages: confidence and correct must have a number for each cell",
    ),
    "more right answers than rows": (
        lambda d: d["features"]["court"]["correct"].__setitem__(0, 2),
        "features.court: confidence and correct must not exceed",
    ),
    "more confidence than rows": (
        lambda d: d["features"]["court"]["confidence"].__setitem__(0, 2**17),
        "features.court: confidence and correct must not exceed",
    ),
    "less confidence than none": (
        lambda d: d["features"]["court"]["confidence"].__setitem__(0, -1),
        "features.court: confidence and correct must not exceed",
    ),
    "a number that is private as a text": (
        lambda d: d["features"]["pages"].update(private="no"),
        "private must be true or false, found str",
    ),
    "no features": (lambda d: d.pop("features"), "features is missing"),
    "features as a list": (lambda d: d.update(features=[]), "features must be an object"),
    "feature as a text": (
        lambda d: d["features"].update(pages="many"),
        "features.pages: the value must be an object, found str",
    ),
    "documents as a text": (lambda d: d.update(documents="7"), "documents must be a whole number"),
    "documents as a truth value": (lambda d: d.update(documents=True), "found bool"),
    "negative documents": (lambda d: d.update(documents=-1), "must not be negative"),
    "unknown kind": (
        lambda d: d["features"]["pages"].update(kind="ordinal"),
        "features.pages: kind must be numeric or categorical",
    ),
    "edges out of order": (
        lambda d: d["features"]["pages"]["edges"].reverse(),
        "features.pages: edges must be finite and strictly increasing",
    ),
    "an edge that is NaN": (
        lambda d: d["features"]["pages"]["edges"].__setitem__(0, math.nan),
        "edges must be finite",
    ),
    "an edge that is null": (
        lambda d: d["features"]["pages"]["edges"].__setitem__(1, None),
        r"edges\[1\] must be a number, found NoneType",
    ),
    "a cell too few": (lambda d: d["features"]["pages"]["counts"].pop(), "edges make .* cells"),
    "a fractional count": (
        lambda d: d["features"]["pages"]["counts"].__setitem__(0, 1.5),
        r"counts\[0\] must be a whole number, found float",
    ),
    "a negative count": (
        lambda d: d["features"]["pages"]["counts"].__setitem__(0, -1),
        "must not be negative",
    ),
    "a count that no double holds": (
        lambda d: d["features"]["pages"]["counts"].__setitem__(0, 10**400),
        r"features.pages: counts must not be negative, nor beyond 2\*\*53",
    ),
    "missing values beyond 2^53": (
        lambda d: d["features"]["pages"].update(missing=2**53 + 1),
        "nor beyond",
    ),
    "infinite values without end": (
        lambda d: d["features"]["pages"].update(infinite=10**400),
        "nor beyond",
    ),
    "a category's count without end": (
        lambda d: d["features"]["court"]["counts"].__setitem__(0, 10**400),
        "features.court: counts must not be negative, nor beyond",
    ),
    "unknown categories without end": (
        lambda d: d["features"]["court"].update(unknown=10**400),
        "nor beyond",
    ),
    "documents without end": (lambda d: d.update(documents=10**400), "nor beyond"),
    "documents of a bin without end": (
        lambda d: d["calibration"]["contract"]["documents"].__setitem__(0, 10**400),
        "calibration.contract: counts must not be negative, nor beyond",
    ),
    "a sum that no values have": (
        lambda d: d["features"]["pages"].update(total=10**400),
        "features.pages: total and total_squares must be sums",
    ),
    "a negative sum that no values have": (
        lambda d: d["features"]["pages"].update(total=-(10**400)),
        "must be sums",
    ),
    "squares that no values have": (
        lambda d: d["features"]["pages"].update(total_squares=10**400),
        "must be sums",
    ),
    "negative squares": (
        lambda d: d["features"]["pages"].update(total_squares=-1),
        "must be sums",
    ),
    "an edge that no double holds": (
        lambda d: d["features"]["pages"]["edges"].__setitem__(0, -(10**400)),
        r"edges\[0\] is beyond the largest double",
    ),
    "a maximum that no double holds": (
        lambda d: d["features"]["pages"].update(maximum=10**400),
        "maximum is beyond the largest double",
    ),
    "a quantum of a third": (
        lambda d: d["features"]["pages"].update(quantum=1 / 3),
        "power of two",
    ),
    "no quantum": (lambda d: d["features"]["pages"].update(quantum=None), "power of two"),
    "a negative quantum": (lambda d: d["features"]["pages"].update(quantum=-2.0), "power of two"),
    "an infinite quantum": (lambda d: d["features"]["pages"].update(quantum=math.inf), "power of"),
    "half a range": (lambda d: d["features"]["pages"].update(minimum=None), "only together"),
    "no range": (
        lambda d: d["features"]["pages"].update(minimum=None, maximum=None),
        "only without values",
    ),
    "a range that runs backwards": (
        lambda d: d["features"]["pages"].update(minimum=10.0),
        "in order",
    ),
    "an empty category": (
        lambda d: d["features"]["court"].update(categories=["NDCA", ""]),
        "categories must be distinct, and none of them empty",
    ),
    "a repeated category": (
        lambda d: d["features"]["court"].update(categories=["NDCA", "NDCA"]),
        "categories must be distinct",
    ),
    "a category too many": (
        lambda d: d["features"]["court"]["categories"].append("SDNY"),
        "features.court: 3 categories have 2 counts",
    ),
    "privacy as a number": (
        lambda d: d["features"]["court"].update(private=0),
        "private must be true or false, found int",
    ),
    "a bin too few": (
        lambda d: d["calibration"]["contract"]["correct"].pop(),
        "calibration.contract: documents and correct must have 200 bins",
    ),
    "more right than there are": (
        lambda d: d["calibration"]["contract"]["correct"].__setitem__(0, 1),
        "must not exceed documents",
    ),
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_json_is_refused_in_words(fault: str) -> None:
    """Each malformed reference raises ValueError that names the place and what is wrong."""
    spoil, sentence = MALFORMED[fault]
    data = json.loads(json.dumps(a_reference().to_json()))
    spoil(data)
    with pytest.raises(ValueError, match=sentence):
        Reference.from_json(data)


def test_the_mean_is_a_number_whatever_a_reference_says() -> None:
    """The largest doubles, and sums that the range contradicts, give no infinity and no error."""
    largest = np.finfo(np.float64).max
    assert NumericReference.of(np.full(7, largest)).mean == largest
    data = a_reference().to_json()["features"]["pages"]
    data |= {"quantum": 2.0**1023, "total": sum(data["counts"]) * 2**62}
    assert NumericReference.from_json(data).mean == data["maximum"]


def test_labels_without_held_out_rows_are_named() -> None:
    """Of answers that no held-out row got, labels cannot say whether their meaning changed."""
    reference = a_reference()
    known, unknown = HeldOutResidual(3, 9, 1, 1), HeldOutResidual()
    assert replace(reference, residuals={"contract": known}).lacks == ()
    (lack,) = replace(reference, residuals={"contract": known, "memo": unknown}).lacks
    assert lack.endswith("a changed meaning of answers 'memo'")


@pytest.mark.parametrize("data", [None, [], "reference", 3])
def test_what_is_no_object_is_refused(data: object) -> None:
    """JSON that is not an object at all raises ValueError too."""
    with pytest.raises(ValueError, match="must be an object"):
        Reference.from_json(data)

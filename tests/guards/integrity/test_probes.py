"""The tolerances around the expected outputs, and the findings beyond them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from guards.bundle.probes import ProbeOutputs
from guards.integrity.probes import compare_outputs

if TYPE_CHECKING:
    from guards.errors import Finding
    from guards.json_types import JsonObject

LABELS = ("contract", "invoice", "letter")
EXPECTED = ProbeOutputs(
    token_ids=np.array([2, 7, 3, 2, 3]),
    lengths=np.array([3, 2]),
    columns=np.array([[0.5, 1e6], [-1.25, 0.0]]),
    probabilities=np.array([[0.7, 0.2, 0.1], [0.334, 0.333, 0.333]], dtype=np.float32),
)


def compared(**changes: Any) -> list[Finding]:  # noqa: ANN401 (arrays by name)
    """Compare outputs that differ from the expected ones in these arrays."""
    return list(compare_outputs(EXPECTED, replace(EXPECTED, **changes), LABELS))


def the_only(findings: list[Finding]) -> tuple[str, str, str]:
    """Return subject and both values of the only finding."""
    (finding,) = findings
    assert finding.code == "probe_failed"
    assert finding.remedy
    return finding.subject, finding.expected, finding.observed


def test_expected_outputs_pass() -> None:
    """What was sealed passes."""
    assert compared() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": EXPECTED.columns * (1 + 1e-10) + 1e-13},
        {"probabilities": EXPECTED.probabilities + np.float32(9e-5)},
        {"probabilities": EXPECTED.probabilities - np.float32(9e-5)},
    ],
)
def test_other_hardware_passes(changes: JsonObject) -> None:
    """Rounding of another machine is within the tolerances."""
    assert compared(**changes) == []


def test_near_tie_may_flip() -> None:
    """A label that was a near tie may change, as long as its probabilities hardly do."""
    flipped = EXPECTED.probabilities.copy()
    flipped[1] = [0.33395, 0.33405, 0.332]
    near = replace(EXPECTED, probabilities=flipped)

    observed = flipped.copy()
    observed[1] = [0.33402, 0.33398, 0.332]

    assert list(compare_outputs(near, replace(EXPECTED, probabilities=observed), LABELS)) == []


def test_token_id_changed() -> None:
    """A token id is exact: the first that differs is named by its place."""
    findings = compared(token_ids=np.array([2, 8, 3, 2, 3]))

    assert the_only(findings) == ("probes: token ids", "id 7 at token 1", "id 8")


def test_token_count_changed() -> None:
    """A probe that has more tokens than it should is named with both counts."""
    findings = compared(token_ids=np.array([2, 7, 3, 2, 9, 3]), lengths=np.array([3, 3]))

    assert the_only(findings) == ("probes: token ids", "probe 1 has 2 tokens", "3")


def test_probe_count_changed() -> None:
    """Fewer answers than probes are told as such."""
    findings = compared(token_ids=np.array([2, 7, 3]), lengths=np.array([3]))

    assert the_only(findings) == ("probes: token ids", "2 probes", "1")


def test_column_changed() -> None:
    """The column that is farthest off is named with both values."""
    columns = EXPECTED.columns.copy()
    columns[1, 0] += 1e-6

    findings = compared(columns=columns)

    assert the_only(findings) == (
        "probes: columns", "-1.25 at probe 1, position 0", "-1.249999"
    )  # fmt: skip


def test_column_turned_nan() -> None:
    """NaN where a number should be is the largest difference there is."""
    columns = EXPECTED.columns.copy()
    columns[0, 1] = np.nan

    assert the_only(compared(columns=columns))[1:] == ("1000000.0 at probe 0, position 1", "nan")


def test_width_changed() -> None:
    """Columns of another width are told by both shapes."""
    findings = compared(columns=EXPECTED.columns[:, :1])

    assert the_only(findings) == ("probes: columns", "shape (2, 2)", "(2, 1)")


def test_label_flipped() -> None:
    """A label that was clear and changed is named with both labels."""
    findings = compared(probabilities=EXPECTED.probabilities[:, [1, 0, 2]])

    assert the_only(findings) == (
        "probes: labels", "probe 0 is 'contract'", "'invoice'; 1 of 2 differ"
    )  # fmt: skip


@pytest.mark.parametrize("value", [0.6998, np.nan])
def test_probability_changed(value: float) -> None:
    """A probability that moved farther than hardware moves it is named with both values."""
    probabilities = EXPECTED.probabilities.copy()
    probabilities[0, 0] = value

    subject, expected, observed = the_only(compared(probabilities=probabilities))

    assert (subject, expected) == ("probes: probabilities", "0.7 at probe 0, position 0")
    assert observed == str(np.float32(value))


def test_classes_changed() -> None:
    """Another number of classes is told by both shapes."""
    findings = compared(probabilities=EXPECTED.probabilities[:, :2])

    assert the_only(findings) == ("probes: probabilities", "shape (2, 3)", "(2, 2)")

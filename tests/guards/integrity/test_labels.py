"""Which labels champion and challenger must share, and which they may have alone."""

from __future__ import annotations

import pytest

from guards.integrity.labels import disjoint_labels, labels_of_one

MANY = [f"n{number:02}" for number in range(25)]


@pytest.mark.parametrize(
    ("champion", "challenger"),
    [(["a", "b"], ["a", "b"]), (["a", "b"], ["b", "a"]), (["a", "b"], ["c", "b", "d"])],
)
def test_one_label_in_common_is_enough(champion: list[str], challenger: list[str]) -> None:
    """Whatever their order, and whatever else either knows."""
    assert disjoint_labels(champion, challenger) is None


def test_no_label_in_common_is_a_finding() -> None:
    """It has the labels of both, and compares them exactly."""
    finding = disjoint_labels(["Contract", "invoice"], ["contract", "0"])
    assert finding is not None
    assert (finding.code, finding.subject) == ("labels_disjoint", "labels")
    assert (finding.expected, finding.observed) == ("'Contract', 'invoice'", "'contract', '0'")


@pytest.mark.parametrize(
    "challenger", [["false", "true"], ["TRUE"], [" False"]], ids=["words", "case", "spaces"]
)
def test_the_same_labels_in_another_spelling(challenger: list[str]) -> None:
    """Earlier versions kept the spelling of the table: the remedy is not to leave it out."""
    finding = disjoint_labels(["False", "True"], challenger)
    assert finding is not None
    assert "the same labels" in finding.remedy
    assert "leave it out" not in finding.remedy


def test_many_labels_are_shortened() -> None:
    """Up to twenty of each are named, and the others are counted."""
    finding = disjoint_labels(MANY, ["a", "b"])
    assert finding is not None
    assert finding.expected.endswith("'n19' and 5 more")
    note = labels_of_one(["a", *MANY], ["a", "b"])
    assert note is not None
    assert "'n19' and 5 more" in note
    assert "n20" not in note


@pytest.mark.parametrize(
    ("champion", "challenger", "note"),
    [
        (["a", "b"], ["b", "a"], None),
        (
            ["a", "b"],
            ["c", "a"],
            "labels that only the champion knows: 'b'; that only the challenger knows: 'c'",
        ),
        (
            ["a", "b"],
            ["a", "b", "\x1b[0m"],
            r"labels that only the champion knows: none; that only the challenger knows: '\x1b[0m'",
        ),
    ],
)
def test_labels_of_only_one_are_named(
    champion: list[str], challenger: list[str], note: str | None
) -> None:
    """Where both know all there is nothing to say; a hostile label does nothing to a terminal."""
    assert labels_of_one(champion, challenger) == note

"""What a later label does to an earlier one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel
from guards.labels import KnownLabel
from tests.guards.evidence.traffic import correction, queued, truth

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def at(day: int, label: TrueLabel) -> TrueLabel:
    """Return the label as it was given on a day."""
    return replace(label, labelled_at=MONDAY + timedelta(days=day))


@given(st.permutations([at(day, truth("1", f"label {day}")) for day in range(4)]))
def test_the_label_with_the_latest_time_counts(labels: list[TrueLabel]) -> None:
    """In whatever order labels are read."""
    assert KnownLabels(labels).labels["1"] == at(3, truth("1", "label 3"))
    assert KnownLabels(labels).repeated == 3


def test_without_times_the_label_that_was_added_last_counts() -> None:
    """And a time on one side alone says nothing."""
    first, second = truth("1", "a"), truth("1", "b")
    assert KnownLabels([first, second]).labels["1"].label == "b"
    assert KnownLabels([second, first]).labels["1"].label == "a"
    assert KnownLabels([at(1, first), second]).labels["1"].label == "b"
    assert KnownLabels([second, at(1, first)]).labels["1"].label == "a"


def test_repeated_and_contradicted_labels_are_counted() -> None:
    """A contradiction is a repetition with another label; entries without a label are neither."""
    known = KnownLabels(
        [
            *[truth("1", label) for label in "aab"],
            *[queued("2", label, 0.5) for label in (None, "a", None)],
            *[correction("3", label) for label in "ab"],
            truth("4", "a"),
        ]
    )
    assert (known.repeated, known.contradicted) == (3, 2)


def test_corrections_are_kept_apart() -> None:
    """They neither replace a label nor are replaced by one."""
    known = KnownLabels(
        [correction("1", "b"), truth("1", "a"), correction("1", "c"), truth("2", "a")]
    )
    assert {name: label.label for name, label in known.labels.items()} == {"1": "a", "2": "a"}
    assert {name: label.label for name, label in known.corrections.items()} == {"1": "c"}
    assert known.came == {"1", "2"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("source", [LabelSource.TRUTH, LabelSource.QUEUE])
def test_a_drawn_document_stays_drawn(order: tuple[int, ...], source: LabelSource) -> None:
    """Its label may come from elsewhere, before or after the draw and whatever its time."""
    entries = [
        queued("1", None, 0.5, "disagreements"),
        replace(
            at(1, truth("1", "a")),
            source=source,
            inclusion_probability=0.5,
            stratum="disagreements",
        ),
        replace(at(2, queued("1", None, 0.5, "disagreements")), given_up=True),
    ]
    known = KnownLabels(entries[index] for index in order)
    found = known.labels["1"]
    assert (found.label, found.source, found.given_up) == ("a", LabelSource.QUEUE, False)
    assert (found.stratum, found.inclusion_probability) == ("disagreements", 0.5)
    assert known.came == ({"1"} if source is LabelSource.TRUTH else set())


def test_given_up_is_not_taken_back_by_another_row_without_a_label() -> None:
    """The same draw may be read again from the table in which it was waiting."""
    waiting = queued("1", None, 0.5)
    given_up = replace(waiting, given_up=True)
    for entries in ([waiting, given_up], [given_up, waiting]):
        found = KnownLabels(entries).labels["1"]
        assert (found.label, found.given_up) == (None, True)
    assert not KnownLabels([waiting, waiting]).labels["1"].given_up


def test_labels_are_those_of_the_bundle_in_any_spelling() -> None:
    """They join with its answers, and two spellings of one label are no contradiction."""
    known = KnownLabels([truth("1", "1.0")], KnownLabel(["0", "1"]))
    known.add(truth("1", " 1"))
    known.add(truth("2", "TRUE"))
    later = known.copy()
    later.add(truth("3", "0.0"))

    assert {name: label.label for name, label in later.labels.items()} == {
        "1": "1",
        "2": "true",
        "3": "0",
    }
    assert (later.repeated, later.contradicted) == (1, 0)


def test_labels_of_an_older_bundle_keep_its_spelling() -> None:
    """A bundle that answers True is right where the truth is true."""
    known = KnownLabels([truth("1", "true")], KnownLabel(["False", "True"]))

    assert known.labels["1"].label == "True"

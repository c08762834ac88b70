"""What was taught, on its way through JSON, and what is refused there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.cells import grouped_cells
from guards.drift.feature_reference import AnsweredRows, CategoricalReference, NumericReference
from guards.drift.reference import Reference
from guards.drift.taught import HOURS, Taught, TaughtCounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

START, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC)
EXCESS = (0.01, *(0.002,) * 15)


def counts_of(cells: int) -> TaughtCounts:
    """Return counts that differ in every cell of every hour."""
    counts = np.arange(HOURS * cells).reshape(HOURS, cells)
    return TaughtCounts(tuple(map(tuple, counts.tolist())), EXCESS)


def a_reference() -> Reference:
    """Return a small reference that was taught, and one of its segments too."""
    answered = AnsweredRows(np.full(40, 0.9), np.arange(40) % 2 == 0)
    pages = NumericReference.of(np.arange(40.0), answered=answered)
    court = CategoricalReference.of(["NDCA"] * 39 + ["SDNY"], ["NDCA", "SDNY"], answered=answered)
    groups = int(grouped_cells(pages).max()) + 1
    return Reference(
        features={
            "pages": replace(pages, taught=counts_of(len(pages.cell_counts))),
            "court": replace(court, taught=counts_of(4)),
        },
        documents=40,
        calibration={},
        taught=Taught(START, END, 1234, {"emea": {"pages": counts_of(groups)}}),
    )


def test_it_comes_back_from_json() -> None:
    """Hours, variance, moments and segments are the same, and so is the fingerprint."""
    reference = a_reference()

    again = Reference.from_json(json.loads(json.dumps(reference.to_json())))

    assert again == reference
    assert again.fingerprint == reference.fingerprint
    assert again.format == again.to_json()["schema"] == 3
    assert again.taught is not None
    assert again.taught.summary() == {
        "from": "2026-03-02T00:00:00.000000Z",
        "to": "2026-03-30T12:00:00.000000Z",
        "documents": 1234,
        "segments": ["emea"],
    }


def test_an_untaught_reference_keeps_its_format() -> None:
    """Nothing of its JSON is another, so that fingerprints of sealed bundles stay."""
    taught = a_reference()
    features = {name: replace(each, taught=None) for name, each in taught.features.items()}
    untaught = Reference(features, 40, {})

    assert untaught.format == 2
    assert "hours" not in json.dumps(untaught.to_json())
    assert untaught.fingerprint != taught.fingerprint


def test_a_feature_may_have_learnt_nothing() -> None:
    """One that was not counted for long enough is compared with the held-out rows."""
    taught = a_reference()
    features = {**taught.features, "court": replace(taught.features["court"], taught=None)}

    again = Reference.from_json(replace(taught, features=features).to_json())

    assert again.features["court"].taught is None
    assert again.features["pages"].taught is not None


MALFORMED: dict[str, tuple[Callable[[JsonObject], object], str]] = {
    "an earlier schema": (lambda d: d.update(schema=2), "taught must be there with schema 3, and"),
    "nothing that was taught": (lambda d: d.pop("taught"), "taught must be there with schema 3"),
    "hours in an earlier schema": (
        lambda d: (d.pop("taught"), d.update(schema=2)),
        "hours and excess must be there with schema 3",
    ),
    "no answers": (
        lambda d: d["features"]["court"].pop("confidence"),
        "schema 3 has confidence and correct in every feature",
    ),
    "hours without excess": (
        lambda d: d["features"]["court"].pop("excess"),
        "features.court: excess is missing",
    ),
    "excess without hours": (
        lambda d: d["features"]["court"].pop("hours"),
        "features.court: hours is missing",
    ),
    "an hour too few": (
        lambda d: d["features"]["court"]["hours"].pop(),
        "features.court: hours must be 168 lists of as many counts",
    ),
    "a cell too few": (
        lambda d: [hour.pop() for hour in d["features"]["court"]["hours"]],
        "features.court: hours must have 4 counts an hour, found 3",
    ),
    "a cell too few in one hour": (
        lambda d: d["features"]["court"]["hours"][7].pop(),
        "features.court: hours must be 168 lists of as many counts",
    ),
    "a fraction of a document": (
        lambda d: d["features"]["court"]["hours"][7].__setitem__(0, 0.5),
        r"features.court: hours\[7\] must be a list of whole numbers",
    ),
    "an hour that is a text": (
        lambda d: d["features"]["court"]["hours"].__setitem__(7, "many"),
        r"features.court: hours\[7\] must be a list of whole numbers",
    ),
    "less than no document": (
        lambda d: d["features"]["court"]["hours"][7].__setitem__(0, -1),
        "features.court: hours must not be negative",
    ),
    "documents without end": (
        lambda d: d["features"]["court"]["hours"][7].__setitem__(0, 10**400),
        r"features.court: hours must not be negative, nor beyond 2\*\*53",
    ),
    "a level too few": (
        lambda d: d["features"]["court"]["excess"].pop(),
        "features.court: excess must be 16 finite numbers",
    ),
    "a negative variance": (
        lambda d: d["features"]["court"]["excess"].__setitem__(3, -0.1),
        "features.court: excess must be 16 finite numbers, none of them negative",
    ),
    "an infinite variance": (
        lambda d: d["features"]["court"]["excess"].__setitem__(3, float("inf")),
        "features.court: excess must be 16 finite numbers",
    ),
    "a variance that is a text": (
        lambda d: d["features"]["court"]["excess"].__setitem__(3, "1"),
        r"features.court: excess\[3\] must be a number",
    ),
    "no moment": (
        lambda d: d["taught"].update({"from": "Monday"}),
        "taught: from must be a moment in UTC",
    ),
    "a moment without an offset": (
        lambda d: d["taught"].update(to="2026-03-30T12:00:00"),
        "taught: to must be a moment in UTC",
    ),
    "moments out of order": (
        lambda d: d["taught"].update(to=d["taught"]["from"]),
        "taught: to must be after from",
    ),
    "no documents": (lambda d: d["taught"].update(documents=0), "taught: documents must be"),
    "segments as a list": (
        lambda d: d["taught"].update(segments=[]),
        "taught: segments must be an object",
    ),
    "nine segments": (
        lambda d: d["taught"].update(segments={str(number): {} for number in range(9)}),
        "taught: segments must be at most 8, found 9",
    ),
    "a segment of another feature": (
        lambda d: d["taught"]["segments"]["emea"].update(
            judge=d["taught"]["segments"]["emea"]["pages"]
        ),
        "taught: segments.emea: there is no feature judge",
    ),
    "a segment over other cells": (
        lambda d: d["taught"]["segments"]["emea"].update(
            court=d["taught"]["segments"]["emea"]["pages"]
        ),
        "taught: segments.emea.court: hours must have 4 counts an hour, found 10",
    ),
    "a segment whose feature is a text": (
        lambda d: d["taught"]["segments"]["emea"].update(pages="many"),
        "taught: segments.emea.pages: the value must be an object",
    ),
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_malformed_json_is_refused_in_words(fault: str) -> None:
    """Each fault raises ValueError that names the field and what is wrong with it."""
    spoil, sentence = MALFORMED[fault]
    data = json.loads(json.dumps(a_reference().to_json()))
    spoil(data)

    with pytest.raises(ValueError, match=sentence):
        Reference.from_json(data)

"""What the page says of the champion's accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.dashboard.rendering import NEEDS_NODE, Rendered, rendered

if TYPE_CHECKING:
    from guards.json_types import JsonObject

pytestmark = NEEDS_NODE


def shown(performance: JsonObject | None) -> Rendered:
    """Return the page of a champion that does so well."""
    champion = {"name": "documents", "version": "3"}
    return rendered({"ready": True, "champion": champion, "performance": performance})


def told(name: str, performance: JsonObject | None) -> str:
    """Return what a figure of the page says under its name."""
    (text,) = (text for text in shown(performance).texts("div") if text.startswith(name))
    return text.removeprefix(name)


def figure(value: float, low: float, high: float) -> JsonObject:
    """Return a figure with its interval as the status has it."""
    return {"value": value, "low": low, "high": high}


def estimated(**changes: object) -> JsonObject:
    """Return the status of a champion that is right in 83 of 100 documents, as estimated."""
    champion = {"accuracy": figure(0.83, 0.8, 0.86), "cost": None, "documents": 1200, "absent": {}}
    return {"champion": {**champion, **changes}, "realised": None}


def test_accuracy_is_told_without_labels() -> None:
    """With its interval, and how many documents it is of."""
    assert told("Accuracy, estimated", estimated()) == (
        "83.0 %80.0 % to 86.0 %, without labels, of 1,200 documents in the last window"
    )


def test_the_cost_of_a_document_stands_beside() -> None:
    """Where there is a table of costs."""
    words = told("Accuracy, estimated", estimated(cost=figure(0.31, 0.29, 0.34)))
    assert words.endswith("in the last window; a document costs .31, .29 to .34")


def test_where_nothing_can_be_estimated_the_reason_is_told() -> None:
    """As the estimate gives it."""
    absent = estimated(accuracy=None, absent={"accuracy": "the window has no documents"})
    assert told("Accuracy, estimated", absent).endswith("the window has no documents")


@pytest.mark.parametrize("performance", [None, {"champion": None, "realised": None}])
def test_before_the_first_window(performance: JsonObject | None) -> None:
    """There is nothing yet, of labels neither."""
    for name in ("Accuracy, estimated", "Accuracy, labelled"):
        assert told(name, performance).endswith("nothing yet")


def test_what_labels_say_stands_beside_the_estimate() -> None:
    """Of the same documents: an estimate that is off says that the meaning changed."""
    labelled = {
        "documents": 250,
        "accuracy": figure(0.54, 0.48, 0.6),
        "estimated": {"accuracy": figure(0.83, 0.8, 0.86)},
    }
    words = told("Accuracy, labelled", {"champion": None, "realised": labelled})
    assert words == (
        "54.0 %48.0 % to 60.0 %, of 250 labelled documents; estimated for the same 83.0 %"
    )
    without = {**labelled, "estimated": None}
    words = told("Accuracy, labelled", {"champion": None, "realised": without})
    assert words.endswith("of 250 labelled documents")


@pytest.mark.parametrize(("high", "alerts"), [(0.78, 1), (0.8, 0)])
def test_labels_that_contradict_the_estimate_are_marked(high: float, alerts: int) -> None:
    """Where both intervals lie apart."""
    labelled = {
        "documents": 250,
        "accuracy": figure(0.7, 0.6, high),
        "estimated": {"accuracy": figure(0.83, 0.79, 0.86)},
    }
    assert len(shown({"champion": None, "realised": labelled}).texts("alert")) == alerts

"""Whether the fields that evidence is computed from have the types that they should have.

The events themselves check that their fields are there: lines are written here. Evidence is also
computed from logs that others have moved, joined and converted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

from guards.answer import Observation
from guards.drift.line_cells import CellDetail
from guards.events.alarms import DriftAlarm, DriftCleared
from guards.events.comparison_completed import ComparisonCompleted
from guards.events.drift_reference import DriftReference
from guards.events.drift_window import DriftWindow
from guards.events.feedback_received import FeedbackReceived
from guards.events.request_observed import RequestObserved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.drift.distance import Score
    from guards.events.events import Event
    from guards.evidence.pair import ShadowOutcome
    from guards.json_types import JsonMapping

__all__ = ["check_types", "is_whole"]

_LARGEST = 2**63 - 1

_MAX_CELL = 2**15 - 1
"""More cells than a column may have categories."""


def check_types(event: Event, line: JsonMapping) -> None:
    """Check the fields of an event and of the line that it was read from.

    Texts are such that UTF-8 can encode, numbers are finite, and whole numbers have 64 bits. Raises
    ``AttributeError``, ``OverflowError``, ``TypeError`` or ``ValueError`` where one does not.
    """
    if isinstance(event, RequestObserved):
        _check_observed(event, line)
    elif isinstance(event, ComparisonCompleted):
        _texts(event.request_id, event.origin_run)
        _check_outcomes(event.outcomes, line)
    elif isinstance(event, FeedbackReceived):
        _check_feedback(event)
    elif isinstance(event, DriftReference):
        _check_reference(event)
    elif isinstance(event, DriftWindow):
        _check_window(event)
    elif isinstance(event, DriftAlarm):
        _check_alarm(event)
    elif isinstance(event, DriftCleared):
        _texts(event.feature, event.words)
        _optional_text(event.segment)


def is_whole(value: object) -> bool:
    """Return whether it is a whole number of 64 bits."""
    return type(value) is int and -_LARGEST - 1 <= value <= _LARGEST


def _check_observed(event: RequestObserved, line: JsonMapping) -> None:
    model = event.model
    _texts(event.request_id, event.origin_run, model.name, model.version, model.fingerprint)
    _optional_text(event.segment)
    _require(is_whole(event.tokens), "tokens")
    _optional_text(event.reference)
    _check_cells(line.get("cells"))
    _check_observation(event.champion, line["champion"])
    _check_outcomes(event.outcomes, line)


def _check_cells(cells: object) -> None:
    _require(cells is None or (isinstance(cells, list) and all(map(_is_cell, cells))), "cells")


def _is_cell(cell: object) -> bool:
    return cell is None or (type(cell) is int and 0 <= cell <= _MAX_CELL)


def _check_outcomes(outcomes: Iterable[ShadowOutcome], line: JsonMapping) -> None:
    for shadow, entry in zip(outcomes, line["challengers"], strict=True):
        _texts(shadow.challenger.name, shadow.challenger.version, entry["status"])
        _require(is_whole(shadow.challenger.ordinal), "ordinal")
        if isinstance(shadow.outcome, Observation):
            _check_observation(shadow.outcome, entry)
        if shadow.comparison is not None:
            _numbers(shadow.comparison.confidence_delta, shadow.comparison.js_divergence)


def _check_observation(observation: Observation, entry: JsonMapping) -> None:
    answer = observation.answer
    _texts(answer.label)
    _require(isinstance(answer.probabilities, dict), "probabilities")
    _numbers(answer.confidence, answer.margin, answer.entropy, observation.infer_s)
    if observation.cpu_s is not None:
        _numbers(observation.cpu_s)
    _require(entry.get("exclusive") is None or isinstance(entry["exclusive"], bool), "exclusive")


def _check_feedback(event: FeedbackReceived) -> None:
    _texts(event.request_id, event.label)
    _optional_text(event.stratum)
    probability = event.inclusion_probability
    if probability is not None:
        _numbers(probability)
        _require(0 < probability <= 1, "inclusion_probability")


def _check_reference(event: DriftReference) -> None:
    _texts(event.reference, *(feature.name for feature in event.features))
    _texts(*(name for feature in event.features for name in feature.categories.values()))
    _require(event.cells in get_args(CellDetail), "cells")
    _require(is_whole(event.part) and is_whole(event.parts), "part")
    _require(1 <= event.part <= event.parts, "part")


def _check_window(event: DriftWindow) -> None:
    _require(is_whole(event.documents), "documents")
    _require(is_whole(event.part) and is_whole(event.parts), "part")
    _require(1 <= event.part <= event.parts, "part")
    _texts(event.reference, *event.challenger_references.values())
    for feature in event.counts.get("features", {}).values():
        _numbers(*feature.get("new", {}).values())
    _require(isinstance(event.counts.get("withheld", {}), dict), "withheld")
    for compared in event.counts.get("challengers", {}).values():
        for group in ("features", "champion"):
            _require(isinstance(compared.get(group, {}), dict), group)
    for score in event.scores.values():
        _check_score(score)


def _check_score(score: Score) -> None:
    _texts(score.metric)
    _optional_text(score.since)
    _require(is_whole(score.documents), "documents")
    for value, band in score.also.values():
        _numbers(*(each for each in (value, band) if each is not None))
    _numbers(score.null_band)
    if score.value is not None:
        _numbers(score.value)


def _check_alarm(event: DriftAlarm) -> None:
    evidence = event.evidence
    _texts(event.feature, event.words, event.promise)
    _optional_text(event.segment)
    _optional_text(event.kind)
    _numbers(evidence.e_value, evidence.threshold)
    _require(is_whole(evidence.documents) and is_whole(evidence.minutes), "evidence")
    _require(isinstance(event.score, dict), "score")
    if event.explains is not None:
        _numbers(event.explains)


def _texts(*values: str) -> None:
    for value in values:
        # Also what the annotation promises is read from a file.
        str.encode(value)


def _optional_text(value: str | None) -> None:
    if value is not None:
        _texts(value)


def _numbers(*values: float) -> None:
    for value in values:
        _require(type(value) in {int, float} and math.isfinite(value), "number")


def _require(fulfilled: bool, field: str) -> None:  # noqa: FBT001 (the condition itself)
    if not fulfilled:
        message = f"{field} is not what it should be"
        raise ValueError(message)

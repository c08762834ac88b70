"""True labels join the answers that are still in memory."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from guards.answer import Answer
from guards.drift.row_batch import RowBatch
from guards.events.feedback_received import FeedbackReceived
from guards.evidence.labels import LabelSource
from service.observation.feedback import RecentAnswer, RecentAnswers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.service.observation.recording import Recording


def recent(label: str) -> RecentAnswer:
    """Make an answer of a day."""
    answer = Answer(label, 0.75, 0.5, 0.5, {label: 0.75, "memo": 0.25})
    return RecentAnswer(answer, date(2026, 11, 27), RowBatch([]).add((), 0.75, None))


def test_feedback_carries_the_answer_while_it_is_in_memory(
    record: Callable[..., Recording],
) -> None:
    """A label for a document of this run comes with its answer and is counted; another is alone."""
    recording = record()
    champion = recording.answered("a-17", label=2)
    labels = [FeedbackReceived("a-17", "letter"), FeedbackReceived("before-our-time", "letter")]
    assert recording.recorder.feedback(labels) == 1
    known, unknown = recording.lines("feedback.received")
    assert (known["request_id"], known["label"]) == ("a-17", "letter")
    assert known["observation"] == {"label": champion.label, "confidence": champion.confidence}
    assert (unknown["request_id"], unknown["label"]) == ("before-our-time", "letter")
    assert unknown["observation"] is None


def test_a_document_counts_once_and_corrections_never(record: Callable[..., Recording]) -> None:
    """In the window and in what labels realised; each label is in the log all the same."""
    recording = record()
    for name in ("twice", "corrected", "drawn"):
        recording.answered(name, label=2)
    recording.label("twice", 2)
    recording.label("twice", 1)
    recording.label("corrected", 1, LabelSource.CORRECTION)
    recording.label("drawn", 1, LabelSource.QUEUE)
    recording.recorder.flush()
    assert len(recording.lines("feedback.received")) == 4
    (window,) = recording.lines("drift.window")
    ((_, counted),) = window["counts"]["labels"].items()
    assert (counted["documents"], counted["correct"]) == (1, 1)
    told = recording.recorder.alerts.realised()
    assert told["documents"] == 2
    assert told["accuracy"]["value"] == pytest.approx(1 / 3, abs=1e-4)


def test_where_a_label_comes_from_stays_with_its_answer() -> None:
    """The answer is added to what was received, and nothing of it is lost."""
    answers = RecentAnswers()
    answers.add("a", recent("letter"))
    drawn = FeedbackReceived("a", "memo", None, LabelSource.QUEUE, "emea", 0.25)
    joined = answers.join(drawn)
    assert joined.answered == ("letter", 0.75)
    assert (joined.label, joined.source, joined.stratum) == ("memo", LabelSource.QUEUE, "emea")
    assert joined.inclusion_probability == 0.25


def test_of_a_repeated_request_id_the_last_answer_counts() -> None:
    """A label for an id that was sent twice joins the later answer."""
    answers = RecentAnswers()
    answers.add("a", recent("letter"))
    answers.add("a", recent("invoice"))
    assert answers.join(FeedbackReceived("a", "memo")).answered == ("invoice", 0.75)


def test_the_oldest_answers_are_dropped() -> None:
    """Ten thousand answers are kept, and one that comes again is young again."""
    answers = RecentAnswers()
    for number in range(10_000):
        answers.add(str(number), recent("letter"))
    answers.add("0", recent("letter"))
    answers.add("10000", recent("letter"))
    assert answers.join(FeedbackReceived("0", "memo")).answered is not None
    assert answers.join(FeedbackReceived("1", "memo")).answered is None
    assert answers.join(FeedbackReceived("2", "memo")).answered is not None

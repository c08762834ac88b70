"""Parsed JSON becomes documents, or every problem with its path and none of the user's words."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from guards.events.feedback_received import FeedbackReceived
from guards.evidence.labels import LabelSource
from guards.schema import CategoricalColumn, NumericColumn, Problem, Schema
from service.errors import InvalidDocuments, TooLarge
from service.http.schemas import (
    MAX_LABELS,
    RequestLimits,
    check_limits,
    parse_documents,
    parse_labels,
)
from tests.counting import calls_of

if TYPE_CHECKING:
    from guards.json_types import JsonObject
    from service.documents import Document

CANARY = "canary-7391"
LIMITS = RequestLimits(documents=5, text_chars=40)
SCHEMA = Schema(
    text=("text",),
    numeric=(NumericColumn("pages", 1, 90, required=True), NumericColumn("amount", 0, 10)),
    categorical=(CategoricalColumn("court", ("NDCA", "SDNY")),),
    labels=("contract", "invoice"),
)
GOOD = {"text": "a text", "features": {"pages": 3}}


def nested(levels: int) -> object:
    """Return lists and objects within each other, so many levels deep."""
    value: object = CANARY
    for level in range(levels):
        value = [value] if level % 2 else {"x": value}
    return value


def problems(body: object) -> dict[str, str]:
    """Return the problems with a body that must have some, by path."""
    with pytest.raises(InvalidDocuments) as caught:
        parse_documents(body, SCHEMA)
    assert CANARY not in str(caught.value)
    assert CANARY not in str(caught.value.problems)
    return {problem.path: problem.problem for problem in caught.value.problems}


def parsed(document: JsonObject) -> Document:
    """Parse one document."""
    body = {"documents": [document]}
    check_limits(body, SCHEMA, RequestLimits(documents=1, text_chars=40))
    return parse_documents(body, SCHEMA)[0]


def test_a_document_keeps_what_came_and_gets_its_canonical_row() -> None:
    """Both forms go on: the one for the network, the other for challengers."""
    features = {"pages": " 12 ", "court": "EDTX", "amount": 99, "extra": [1]}
    document = parsed({"request_id": "a", "segment": "emea", "text": "né", "features": features})
    assert (document.request_id, document.segment, document.text) == ("a", "emea", "né")
    assert document.features == features
    assert document.row.numeric == (12.0, 99.0)
    assert document.row.categories == ("EDTX",)
    assert document.row.unknown == ("court",)
    assert document.row.out_of_range == ("amount",)
    assert document.row.extra == ("extra",)


def test_no_document_keeps_what_nobody_reads() -> None:
    """Scalars are for challengers; lists stay what a column refuses, and take no memory."""
    many: list[object] = [[] for _ in range(100_000)]
    features = {"pages": 3, "colour": "red", "listed": many, "object": {"x": many}, "none": None}
    body = {"documents": [{"text": "a text", "features": features}]}

    (kept,) = parse_documents(body, SCHEMA, "none")
    (captured,) = parse_documents(body, SCHEMA, "disagreements")

    assert kept.features == {**features, "listed": [], "object": []}
    assert kept.memory_bytes < 2000
    assert captured.features == features
    assert captured.memory_bytes > 2 * 100_000 * sys.getsizeof([])


@pytest.mark.parametrize("field", ["text", "name", "value", "name inside"])
def test_the_memory_of_a_document_is_known(field: str) -> None:
    """Whatever is long in it counts: its text, a value that is no column, the name of one."""
    long = "x" * 1_000_000
    document: JsonObject = {
        "text": {"text": long, "features": {"pages": 3}},
        "name": {"text": "", "features": {"pages": 3, long: 1}},
        "value": {"text": "", "features": {"pages": 3, "colour": long}},
        "name inside": {"text": "", "features": {"pages": 3, "colour": [{long: 1}]}},
    }[field]
    (parsed_,) = parse_documents({"documents": [document]}, SCHEMA, "all")
    assert 1_000_000 < parsed_.memory_bytes < 4_010_000


@pytest.mark.parametrize("absent", [{}, {"request_id": None}])
def test_an_absent_request_id_is_made(absent: JsonObject) -> None:
    """Each document gets one of its own."""
    made = {parsed({**GOOD, **absent}).request_id for _ in range(10)}
    assert len(made) == 10


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (None, "body"),
        ([], "body"),
        (CANARY, "body"),
        ({}, "documents"),
        ({"documents": CANARY}, "documents"),
        ({"documents": []}, "documents"),
        ({"documents": {CANARY: 1}}, "documents"),
        ({"documents": [GOOD], CANARY: 1}, "body"),
        ({"documents": [CANARY]}, "documents[0]"),
        ({"documents": [GOOD, None]}, "documents[1]"),
        ({"documents": [{"features": {"pages": 1}}]}, "documents[0].text"),
        ({"documents": [{**GOOD, "text": [CANARY]}]}, "documents[0].text"),
        ({"documents": [{**GOOD, "text": None}]}, "documents[0].text"),
        ({"documents": [{**GOOD, "text": "\ud800" + CANARY}]}, "documents[0].text"),
        ({"documents": [{**GOOD, CANARY: 1}]}, "documents[0]"),
        ({"documents": [{**GOOD, "request_id": 17}]}, "documents[0].request_id"),
        ({"documents": [{**GOOD, "request_id": ""}]}, "documents[0].request_id"),
        ({"documents": [{**GOOD, "request_id": "x" * 129}]}, "documents[0].request_id"),
        ({"documents": [{**GOOD, "request_id": "\udfff"}]}, "documents[0].request_id"),
        ({"documents": [{**GOOD, "segment": {"a": CANARY}}]}, "documents[0].segment"),
        ({"documents": [{**GOOD, "features": [CANARY]}]}, "documents[0].features"),
        ({"documents": [{**GOOD, "features": None}]}, "documents[0].features"),
        (
            {"documents": [{**GOOD, "features": {"pages": 1, "\ud800": CANARY}}]},
            "documents[0].features",
        ),
        (
            {"documents": [{**GOOD, "features": {"pages": 1, CANARY: nested(16)}}]},
            "documents[0].features",
        ),
        ({"documents": [{"text": ""}]}, "documents[0].features.pages"),
        (
            {"documents": [{"text": "", "features": {"pages": CANARY}}]},
            "documents[0].features.pages",
        ),
        (
            {"documents": [{"text": "", "features": {"pages": 1, "court": [CANARY]}}]},
            "documents[0].features.court",
        ),
    ],
)
def test_each_misfit_has_its_path_and_quotes_nobody(body: object, path: str) -> None:
    """Whatever was sent where, the problem says where and what, in words of ours."""
    assert list(problems(body)) == [path]


def test_every_problem_of_every_document_is_listed_at_once() -> None:
    """Structure and columns are checked together, so that one answer lists every problem."""
    body = {
        "documents": [
            GOOD,
            {"text": 5, "features": {"pages": "1,5", "amount": "1_000"}},
            {"text": "a", "segment": "", "features": {"court": {}}},
            {"text": "a", "features": {"pages": True}, "one": 1, "two": 2},
        ]
    }
    assert list(problems(body)) == [
        "documents[1].text",
        "documents[2].segment",
        "documents[3]",
        "documents[1].features.pages",
        "documents[1].features.amount",
        "documents[2].features.pages",
        "documents[2].features.court",
        "documents[3].features.pages",
    ]


@pytest.mark.parametrize("text", ["a text", 5], ids=["columns", "structure"])
def test_beyond_a_thousand_problems_no_column_is_looked_at(text: object) -> None:
    """Finding more of them would keep others waiting, and none would be listed."""
    wrong = {"text": text, "features": {"pages": [], "amount": [], "court": []}}

    def parse() -> None:
        with pytest.raises(InvalidDocuments, match="1000 or more"):
            parse_documents({"documents": [wrong] * 10_000}, SCHEMA)

    assert calls_of(parse) < 25 * 10_000


def test_problems_speak_of_requests_and_not_of_our_classes() -> None:
    """A reader of the message needs no source code."""
    assert problems({"documents": [{**GOOD, "extra": 1}, 7]}) == {
        "documents[0]": "has an unknown field",
        "documents[1]": "should be an object",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"documents": [GOOD] * 6},
        {"documents": [GOOD, {**GOOD, "text": "x" * 41}]},
        {"documents": [{"text": CANARY * 10}]},
    ],
)
def test_too_many_and_too_long_is_too_large(body: object) -> None:
    """Size is judged before shape, and the message has the limit and not the text."""
    with pytest.raises(TooLarge, match=r"5 documents|40 characters") as caught:
        check_limits(body, SCHEMA, LIMITS)
    assert CANARY not in str(caught.value)


def test_limits_themselves_are_allowed() -> None:
    """Exactly as many documents, and exactly as long a text, pass."""
    body = {"documents": [{**GOOD, "text": "x" * 40, "request_id": "x" * 128}] * 5}
    assert check_limits(body, SCHEMA, LIMITS) == [40] * 5
    assert len(parse_documents(body, SCHEMA)) == 5


def test_labels_are_accepted_one_by_one() -> None:
    """Each label that cannot be recorded is rejected by itself, with one reason."""
    labels = [
        {"request_id": "a", "label": "contract"},
        {"request_id": "b", "label": [CANARY]},
        {"request_id": "c"},
        {"request_id": "", "label": 5},
        {"request_id": "\ud800", "label": "invoice"},
        {"request_id": "d", "label": "invoice", CANARY: 1},
        CANARY,
        {"request_id": "a", "label": "invoice"},
    ]
    accepted, rejected = parse_labels({"labels": labels}, SCHEMA.labels)
    assert [(label.request_id, label.label) for label in accepted] == [
        ("a", "contract"),
        ("a", "invoice"),
    ]
    assert rejected == [
        Problem(
            "labels[1].label",
            "should be a text, a truth value, or a number that has lost no digits",
        ),
        Problem("labels[2].label", "field required"),
        Problem("labels[3].request_id", "string should have at least 1 character"),
        Problem("labels[4].request_id", "holds half of a surrogate pair"),
        Problem("labels[5]", "has an unknown field"),
        Problem("labels[6]", "should be an object"),
    ]


def received(**fields: object) -> FeedbackReceived:
    """Parse one label, which must be accepted."""
    body = {"labels": [{"request_id": "a", "label": "contract", **fields}]}
    (accepted,), rejected = parse_labels(body, SCHEMA.labels)
    assert rejected == []
    return accepted


def rejection(**fields: object) -> Problem:
    """Parse one label, which must be rejected without quoting it."""
    body = {"labels": [{"request_id": "a", "label": "contract", **fields}]}
    accepted, (rejected,) = parse_labels(body, SCHEMA.labels)
    assert accepted == []
    assert CANARY not in rejected.problem
    return rejected


@pytest.mark.parametrize("label", ["NA", " NA ", "-1.0", -1])
def test_a_marker_is_no_label(label: object) -> None:
    """What training declared to be missing is so in feedback, unless it is a label after all."""
    body = {"labels": [{"request_id": "a", "label": label}]}

    accepted, rejected = parse_labels(body, SCHEMA.labels, ("-1", "NA"))
    known, _ = parse_labels(body, ("-1", "NA"), ("-1", "NA"))

    assert accepted == []
    assert rejected == [Problem("labels[0].label", "stands for a missing value")]
    assert len(known) == 1


@pytest.mark.parametrize("absent", [{}, {"stratum": None, "inclusion_probability": None}])
def test_a_label_without_a_source_is_the_truth(absent: JsonObject) -> None:
    """Without more it came regardless of the answers."""
    assert received(**absent) == FeedbackReceived("a", "contract")
    assert received().source is LabelSource.TRUTH


@pytest.mark.parametrize("source", LabelSource)
@pytest.mark.parametrize(("stratum", "probability"), [("s" * 128, 1), ("", 1e-9)])
def test_a_label_says_where_it_comes_from(
    source: LabelSource, stratum: str, probability: float
) -> None:
    """Source, stratum and inclusion probability are kept, to their limits."""
    label = received(source=source.value, stratum=stratum, inclusion_probability=probability)
    assert label == FeedbackReceived("a", "contract", None, source, stratum, probability)


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T08:30:00Z", "2026-03-01T08:30:00.000000+00:00", "2026-03-01T10:00:00+01:30"],
)
def test_a_label_may_say_since_when_it_is_known(text: str) -> None:
    """Whatever its offset, the moment is kept in UTC; without one it is left open."""
    moment = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    label = received(labelled_at=text)
    assert label == FeedbackReceived("a", "contract", labelled_at=moment)
    assert label.to_json()["labelled_at"] == "2026-03-01T08:30:00.000000Z"
    assert received(labelled_at=None).labelled_at is None


@pytest.mark.parametrize(
    "moment",
    [
        *(CANARY, "", "2026-03-01T08:30:00", "2026-13-01T08:30:00Z", "0001-01-01T00:00:00+01:00"),
        *(1772353800, 1772353800.5, True, {}, ["2026-03-01T08:30:00Z"]),
    ],
)
def test_a_label_of_no_moment_is_rejected(moment: object) -> None:
    """Numbers are no moments, nor is a time without its offset: nobody guesses a clock."""
    reason = "should be a moment with its offset from UTC, such as 2026-03-01T08:30:00Z"
    assert rejection(labelled_at=moment) == Problem("labels[0].labelled_at", reason)


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("memo", "memo"),
        ("\t memo of a kind \n", "memo of a kind"),
        (" contract ", "contract"),
        (" " * 200 + "x" * 128, "x" * 128),
        ("契約", "契約"),
        ("2.0", "2"),
        (2.0, "2"),
        (True, "true"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_a_label_that_the_champion_does_not_know_is_accepted(label: object, kept: str) -> None:
    """A class of its own, in canonical form."""
    assert received(label=label).label == kept


def test_a_label_of_the_champion_is_accepted_as_it_is() -> None:
    """However long it is and whatever spaces are around it."""
    known = ["x" * 200, " contract"]
    labels = [{"request_id": "a", "label": label} for label in known]
    accepted, rejected = parse_labels({"labels": labels}, known)
    assert ([label.label for label in accepted], rejected) == (known, [])


@pytest.mark.parametrize(
    ("known", "label", "recorded"),
    [
        (["0", "1"], 1, "1"),
        (["0", "1"], 1.0, "1"),
        (["0", "1"], " 1.0 ", "1"),
        (["false", "true"], True, "true"),
        (["false", "true"], "TRUE", "true"),
        (["False", "True"], True, "True"),
        (["0.0", "1.0"], 1, "1.0"),
        (["nan", "b"], "nan", "nan"),
    ],
)
def test_a_label_of_the_champion_in_any_spelling(
    known: list[str], label: object, recorded: str
) -> None:
    """Numbers and truth values are those of a table, and the bundle's own spelling is recorded."""
    body = {"labels": [{"request_id": "a", "label": label}]}
    accepted, rejected = parse_labels(body, known)
    assert ([each.label for each in accepted], rejected) == ([recorded], [])


@pytest.mark.parametrize("label", [None, [1], {}, 2.0**60])
def test_a_label_that_is_nothing_plain_is_rejected(label: object) -> None:
    """It is told what a label can be."""
    reason = "should be a text, a truth value, or a number that has lost no digits"
    assert rejection(label=label) == Problem("labels[0].label", reason)


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"label": "NaN"}, "label", "stands for a missing value"),
        ({"label": ""}, "label", "is empty"),
        ({"label": " \t\n"}, "label", "is empty"),
        ({"label": CANARY * 12}, "label", "has more than 128 characters"),
        ({"label": CANARY + "\ud800"}, "label", "holds half of a surrogate pair"),
        ({"source": CANARY}, "source", "input should be 'truth', 'queue' or 'correction'"),
        ({"source": None}, "source", "input should be 'truth', 'queue' or 'correction'"),
        ({"source": "queue"}, "stratum", "is needed where the source is queue"),
        (
            {"source": "queue", "inclusion_probability": 0.5},
            "stratum",
            "is needed where the source is queue",
        ),
        (
            {"source": "queue", "stratum": "a"},
            "inclusion_probability",
            "is needed where the source is queue",
        ),
        ({"stratum": CANARY * 12}, "stratum", "string should have at most 128 characters"),
        ({"stratum": "\udfff"}, "stratum", "holds half of a surrogate pair"),
        ({"stratum": 3}, "stratum", "input should be a valid string"),
        ({"inclusion_probability": 0}, "inclusion_probability", "input should be greater than 0"),
        (
            {"inclusion_probability": 1.01},
            "inclusion_probability",
            "input should be less than or equal to 1",
        ),
        (
            {"inclusion_probability": "0.5"},
            "inclusion_probability",
            "input should be a valid number",
        ),
        (
            {"inclusion_probability": True},
            "inclusion_probability",
            "input should be a valid number",
        ),
    ],
)
def test_a_label_that_cannot_be_used_says_where_and_why(
    fields: JsonObject, field: str, reason: str
) -> None:
    """What was sent for a label is rejected with its path, and not quoted."""
    assert rejection(**fields) == Problem(f"labels[0].{field}", reason)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "body"),
        ({}, "labels"),
        ({"labels": []}, "labels"),
        ({"labels": CANARY}, "labels"),
        ({"labels": [1], CANARY: 2}, "body"),
    ],
)
def test_a_feedback_without_labels_is_invalid(body: object, path: str) -> None:
    """There is nothing to accept."""
    with pytest.raises(InvalidDocuments) as caught:
        parse_labels(body, SCHEMA.labels)
    assert [problem.path for problem in caught.value.problems] == [path]
    assert CANARY not in str(caught.value.problems)


def test_nesting_within_the_limit_is_ignored_like_any_extra_feature() -> None:
    """What no column can hold is named as extra, and nothing more."""
    document = parsed({**GOOD, "features": {"pages": 1, "extra": nested(15)}})
    assert document.row.extra == ("extra",)


def test_more_features_than_anybody_has_are_too_large() -> None:
    """A thousand beyond the bundle's columns are ignored and counted, and no more."""
    extra = {f"x{number}": number for number in range(1001)}
    allowed = {"pages": 1, "amount": 2, **extra}
    row = parsed({**GOOD, "features": allowed}).row
    assert len(row.extra) + row.more_extra == 1001
    with pytest.raises(TooLarge, match=r"documents\[0\]\.features has more than 1003 names"):
        parsed({**GOOD, "features": {**allowed, "court": 3}})


CROWD = {f"{CANARY}{number}": number for number in range(200_000)}
STRANGE = "has an unknown field"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"documents": [GOOD], **CROWD}, {"body": STRANGE}),
        ({"documents": [GOOD, {**GOOD, **CROWD}]}, {"documents[1]": STRANGE}),
        (
            {"documents": [{**CROWD, "text": 5, "features": {"pages": 1}}]},
            {"documents[0].text": "input should be a valid string", "documents[0]": STRANGE},
        ),
    ],
)
def test_many_unknown_fields_are_one_problem(body: object, expected: dict[str, str]) -> None:
    """A million fields that are no part of a request are refused as cheaply as one."""
    assert problems(body) == expected
    assert calls_of(lambda: problems(body)) < len(CROWD) / 100


def test_many_unknown_fields_of_a_label_reject_that_label() -> None:
    """As cheaply as in a classification, and the other labels are accepted."""
    label = {"request_id": "a", "label": "contract"}
    labels = [{**label, **CROWD}, label]
    accepted, rejected = parse_labels({"labels": labels}, SCHEMA.labels)
    calls = calls_of(lambda: parse_labels({"labels": labels}, SCHEMA.labels))
    assert calls < len(CROWD) / 100
    assert [label.request_id for label in accepted] == ["a"]
    assert rejected == [Problem("labels[0]", STRANGE)]


def test_many_unknown_fields_of_feedback_are_one_problem() -> None:
    """As cheaply as in a classification."""

    def parse() -> None:
        with pytest.raises(InvalidDocuments) as caught:
            parse_labels({"labels": [{}], **CROWD}, SCHEMA.labels)
        assert caught.value.problems == (Problem("body", STRANGE),)

    assert calls_of(parse) < len(CROWD) / 100


def test_too_many_labels_are_refused_whole() -> None:
    """Feedback cannot fill the log's queue."""
    with pytest.raises(TooLarge):
        parse_labels({"labels": [{}] * (MAX_LABELS + 1)}, SCHEMA.labels)

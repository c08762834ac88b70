"""What a client sees of the request path, row by row of the contract."""

from __future__ import annotations

import asyncio
import itertools
import json
import unicodedata
from collections import Counter
from threading import Event, current_thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from artifacts.bundle.opening import open_bundle
from service.dashboard import HEADERS
from service.engines.torch import TorchEngine
from service.http import routes
from service.http.access import Access, Caller
from service.http.bodies import Bodies
from service.http.routes import Serving, WebApp
from service.http.schemas import parse_documents
from service.observation.input_counts import KINDS
from service.settings import Settings
from tests.patience import AGES_S, PATIENCE_S
from tests.service.http.endpoint import Endpoint, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from httpx2 import Response
    from starlette.datastructures import Headers
    from starlette.types import Message, Receive, Scope

    from artifacts.bundle.opening import Bundle
    from guards.json_types import JsonObject
    from service.documents import Document

CANARY = "canary-7391"
CLASSIFY = {"authorization": "Bearer key-classify"}
FEEDBACK = {"authorization": "Bearer key-feedback"}
BEYOND_MS = f"{AGES_S * 10_000:.0f}"


def error_of(response: Response) -> JsonObject:
    """Return the error of an answer that must be one, in the shape of the contract."""
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "details"}
    assert CANARY not in response.text
    error: JsonObject = body["error"]
    return error


def samples(endpoint: Endpoint) -> dict[str, float]:
    """Scrape the metrics: values by name and labels."""
    text = endpoint.client.get("/metrics").text
    return {
        "/".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# Answers.


def test_each_document_is_answered_in_order_with_its_request_id(
    endpoint: Endpoint, documents: list[JsonObject], bundle: Bundle
) -> None:
    """Predictions carry what the bundle gives by itself, and which bundle gave it."""
    response = endpoint.classify(*documents)
    predictions = response.json()["predictions"]
    expected = bundle.probe(documents).probabilities
    assert response.status_code == 200
    assert [p["request_id"] for p in predictions] == [d["request_id"] for d in documents]
    for prediction, probabilities in zip(predictions, expected, strict=True):
        assert set(prediction) == {
            *("request_id", "label", "confidence", "probabilities", "model", "warnings")
        }
        assert prediction["model"] == bundle.identity.to_json()
        given = prediction["probabilities"]
        assert tuple(given) == bundle.labels
        np.testing.assert_allclose(list(given.values()), probabilities, atol=1e-6)
        assert sum(given.values()) == pytest.approx(1, abs=1e-6)
        assert prediction["label"] == max(given, key=given.__getitem__)
        assert prediction["confidence"] == max(given.values())


def test_an_answer_does_not_depend_on_the_other_documents(
    endpoint: Endpoint, documents: list[JsonObject]
) -> None:
    """One by one or together, the same document gets the same probabilities."""
    together = endpoint.classify(*documents[:6]).json()["predictions"]
    exclusive = [endpoint.classify(d).json()["predictions"][0] for d in documents[:6]]
    for one, other in zip(together, exclusive, strict=True):
        assert one["label"] == other["label"]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)


def test_a_missing_request_id_is_made(endpoint: Endpoint) -> None:
    """Each document without one gets one of its own, which the log has too."""
    predictions = endpoint.classify({"text": "a"}, {"text": "a"}).json()["predictions"]
    made = [prediction["request_id"] for prediction in predictions]
    assert len(set(made)) == 2
    assert all(f'"request_id":"{request_id}"' in endpoint.logged() for request_id in made)


def test_a_request_id_may_come_again(endpoint: Endpoint) -> None:
    """A client's retry is answered and logged again."""
    for _ in range(2):
        assert endpoint.classify({"request_id": "again", "text": "a"}).status_code == 200
    assert endpoint.logged().count('"request_id":"again"') == 2


def test_the_order_of_features_never_matters(
    endpoint: Endpoint, documents: list[JsonObject]
) -> None:
    """Keys in any order, the same answer."""
    forward = documents[0]["features"]
    backward = dict(reversed(forward.items()))
    assert list(forward) != list(backward)
    assert (
        endpoint.answer("a text", **forward)["probabilities"]
        == endpoint.answer("a text", **backward)["probabilities"]
    )


def test_the_native_route_answers_the_bare_list(
    endpoint: Endpoint, documents: list[JsonObject]
) -> None:
    """The same body and the same predictions, without the object around them."""
    body = {"documents": documents[:3]}
    native = endpoint.client.post("/classify", json=body).json()
    assert native == endpoint.client.post("/v1/classify", json=body).json()["predictions"]


# Counted and answered.


@pytest.mark.parametrize(
    ("features", "warning"),
    [
        ({"court": "a court nobody knows"}, ("unknown_category", "court")),
        ({"court": True}, ("unknown_category", "court")),
        ({"court": None}, ("missing_value", "court")),
        ({"pages": ""}, ("missing_value", "pages")),
        ({"pages": "nan"}, ("missing_value", "pages")),
        ({"amount": 1e12}, ("out_of_range", "amount")),
        ({"colour": "red"}, ("extra_feature", "colour")),
        ({"colour": {"deep": [1]}}, ("extra_feature", "colour")),
    ],
)
def test_an_input_issue_is_a_warning(
    endpoint: Endpoint,
    documents: list[JsonObject],
    features: JsonObject,
    warning: tuple[str, str],
) -> None:
    """An unusual value is answered, and its column named once."""
    warnings = endpoint.answer("a text", **(documents[0]["features"] | features))["warnings"]
    assert {"code": warning[0], "feature": warning[1]} in warnings
    assert Counter(w["feature"] for w in warnings)[warning[1]] == 1


def test_a_complete_document_has_no_warnings(endpoint: Endpoint, bundle: Bundle) -> None:
    """Nothing unusual, no warning."""
    schema = bundle.preprocessing.schema
    numbers = {column.name: column.maximum for column in schema.numeric}
    categories = {column.name: column.categories[-1] for column in schema.categorical}
    assert endpoint.answer("a text", **numbers, **categories)["warnings"] == []


def test_a_text_that_is_cut_is_a_warning(endpoint: Endpoint) -> None:
    """The text beyond the bundle's length is not read, and a warning says so."""
    codes = {w["code"] for w in endpoint.answer("word " * 500)["warnings"]}
    assert "truncated" in codes


def test_a_long_text_in_windows(bundle_of: Callable[[str], Path], tmp_path: Path) -> None:
    """A text that the windows hold is answered by all of it; one that goes on is a warning."""
    path = bundle_of("in windows")
    given = open_bundle(path)
    # Sixteen windows of 16 tokens, 14 of them text and 11 not in the window before.
    first, last = _words_of_one_token(given)
    text = f"{first} " * (14 + 15 * 11 - 1) + last
    with running(Settings(champion=str(path), log_file=tmp_path / "log.jsonl")) as endpoint:
        whole, changed, cut, also_cut = endpoint.classify(
            *(
                {"text": variant}
                for variant in (
                    text,
                    text.removesuffix(last) + first,
                    f"{text} {first}",
                    f"{text} {last}",
                )
            )
        ).json()["predictions"]

        (line,) = (
            entry
            for entry in map(json.loads, endpoint.logged().splitlines())
            if entry.get("request_id") == whole["request_id"]
        )
    expected = given.probe([{"text": text, "features": {}}])
    np.testing.assert_allclose(
        list(whole["probabilities"].values()), expected.probabilities[0], atol=1e-6
    )
    assert whole["probabilities"] != changed["probabilities"]
    assert {"code": "truncated", "feature": "text"} not in whole["warnings"]
    assert {"code": "truncated", "feature": "text"} in cut["warnings"]
    assert cut["probabilities"] == pytest.approx(also_cut["probabilities"], abs=1e-6)
    assert (line["tokens"], line["truncated"]) == (16 * 16, False)


def _words_of_one_token(bundle: Bundle) -> tuple[str, str]:
    vocabulary = json.loads(bundle.preprocessing.tokenizer.to_str())["model"]["vocab"]
    first, last, *_ = sorted(filter(str.isalpha, vocabulary), key=len, reverse=True)
    return first, last


def test_a_category_is_known_with_spaces_around_it(endpoint: Endpoint, bundle: Bundle) -> None:
    """The canonical form is the trained one."""
    known = bundle.preprocessing.schema.categorical[0].categories[0]
    prediction = endpoint.answer("a text", court=f"  {known}\t")
    assert {"code": "unknown_category", "feature": "court"} not in prediction["warnings"]
    assert prediction["probabilities"] == endpoint.answer("a text", court=known)["probabilities"]


def test_composed_and_decomposed_accents_are_one(endpoint: Endpoint) -> None:
    """In a text and in a category, é is é however it is written."""
    written = "Société générale d'Évry"
    composed, decomposed = (
        endpoint.answer(text, court=text)
        for text in (unicodedata.normalize("NFC", written), unicodedata.normalize("NFD", written))
    )
    assert composed["probabilities"] == decomposed["probabilities"]
    assert composed["warnings"] == decomposed["warnings"]


def test_numbers_of_any_spelling_are_one_category(endpoint: Endpoint) -> None:
    """1, 1.0, "1" and " 1" are the same unknown court; true is another."""
    forms = [1, 1.0, "1", " 1"]
    answers = [endpoint.answer("a text", court=form)["probabilities"] for form in forms]
    assert all(answer == answers[0] for answer in answers)


def test_missing_in_any_spelling_is_one_missing_value(endpoint: Endpoint) -> None:
    """An absent key, null, an empty text and "nan" get the same answer and the same warning."""
    spelt: list[JsonObject] = [{}, {"court": None}, {"court": ""}, {"court": "nan"}]
    answers = [endpoint.answer("a text", **features) for features in spelt]
    assert all(answer["probabilities"] == answers[0]["probabilities"] for answer in answers)
    assert all(answer["warnings"] == answers[0]["warnings"] for answer in answers)


@pytest.mark.parametrize(
    "number", ["1,5", "1_000", "\uff11\uff12", "1e400", "Infinity", "0x10", True, [], {}, 10**400]
)
def test_what_is_no_number_names_its_path(endpoint: Endpoint, number: object) -> None:
    """A number that would have to be guessed at is refused."""
    response = endpoint.classify({"text": CANARY, "features": {"pages": number}})
    assert response.status_code == 422
    assert error_of(response)["details"] == [
        {"path": "documents[0].features.pages", "problem": "is not a finite number"}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "😀" * 50,
        "\u200b\u200d\ufeff" * 20,
        "\x00",
        "a\x00b\x1f",
        "\u202eright to left \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
        "e" + "\u0301" * 10_000,
        "x" * 200_000,
        "漢字" * 500,
    ],
)
def test_a_text_of_any_kind_is_answered(endpoint: Endpoint, text: str) -> None:
    """Empty, invisible, endless: there is an answer, and the next request gets one too."""
    assert sum(endpoint.answer(text)["probabilities"].values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"documents": [{"text": "\\ud800"}]}', 422),
        (b'{"documents": [{"text": "\xed\xa0\x80"}]}', 422),
        (b'{"documents": [{"text": "\xff"}]}', 400),
        (b'{"documents": [{"text": "a", "features": {"court": "\\ud800"}}]}', 200),
        (b'{"documents": [{"text": "a", "features": {"\\ud800": 1}}]}', 422),
        (json.dumps({"documents": [{"text": "x" * 1_000_000}]}).encode(), 413),
    ],
)
def test_a_text_that_is_none_is_the_clients_fault(
    endpoint: Endpoint, content: bytes, status: int
) -> None:
    """Half a surrogate pair, bytes that are not UTF-8, a million characters: never a 5xx."""
    assert endpoint.client.post("/v1/classify", content=content).status_code == status
    assert endpoint.answer()["label"]


# Refused.


@pytest.mark.parametrize("path", ["/v1/classify", "/classify", "/v1/feedback"])
@pytest.mark.parametrize(
    "content", [b"", CANARY.encode(), b'{"documents": NaN}', b'{"a": Infinity}', b'{"' * 9]
)
def test_what_is_not_json_is_400(endpoint: Endpoint, path: str, content: bytes) -> None:
    """NaN and Infinity are not JSON."""
    response = endpoint.client.post(path, content=content)
    assert (response.status_code, error_of(response)["code"]) == (400, "malformed")


@pytest.mark.parametrize("path", ["/v1/classify", "/classify"])
@pytest.mark.parametrize(
    "body",
    [
        {"documents": [{"text": [CANARY]}]},
        {"documents": [{"text": "a", CANARY: CANARY}]},
        {"documents": [{"text": "a", "request_id": CANARY * 20}]},
        {"documents": [{"text": "a", "segment": [CANARY]}]},
        {"documents": [{"text": CANARY, "features": {"pages": CANARY, "court": [CANARY]}}]},
        {"documents": [{"text": "\ud800" + CANARY}]},
        {"documents": CANARY, CANARY: 1},
        {CANARY: 1},
        [CANARY],
    ],
)
def test_what_does_not_fit_is_422_with_paths(endpoint: Endpoint, path: str, body: object) -> None:
    """Every problem has a path and a sentence, and neither holds the user's words."""
    response = endpoint.client.post(path, content=json.dumps(body))
    error = error_of(response)
    assert (response.status_code, error["code"]) == (422, "invalid_documents")
    assert error["details"]
    assert all(detail["path"] and detail["problem"] for detail in error["details"])


def test_documents_fail_together(endpoint: Endpoint, documents: list[JsonObject]) -> None:
    """One bad document, and none is computed."""
    before = samples(endpoint)["understudy_documents_total"]
    response = endpoint.classify(documents[0], {"text": 5}, documents[1])
    assert response.status_code == 422
    assert samples(endpoint)["understudy_documents_total"] == before


@pytest.mark.parametrize("path", ["/nowhere", "/v1", "/v1/classify/", "/v1/status/x", "/%00"])
def test_an_unknown_path_is_404(endpoint: Endpoint, path: str) -> None:
    """The error has the shape of all errors."""
    response = endpoint.client.get(path)
    assert (response.status_code, error_of(response)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/classify", {"POST"}),
        ("PUT", "/classify", {"POST"}),
        ("OPTIONS", "/v1/feedback", {"POST"}),
        ("POST", "/v1/status", {"GET", "HEAD"}),
        ("DELETE", "/", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_405(
    endpoint: Endpoint, method: str, path: str, allowed: set[str]
) -> None:
    """The answer says which methods there are."""
    response = endpoint.client.request(method, path)
    assert (response.status_code, error_of(response)["code"]) == (405, "method_not_allowed")
    assert set(response.headers["allow"].split(", ")) == allowed


def test_a_large_body_is_refused_unread(strict: Endpoint) -> None:
    """When it announces its size not one byte is received; the connection is closed."""
    received: list[str] = []

    async def receive() -> Message:
        received.append("asked for")
        return {"type": "http.request", "body": b"x" * 2001, "more_body": False}

    scope = scope_of("/v1/classify", *CLASSIFY.items(), ("content-length", "2001"))
    sent = asyncio.run(called(strict, receive, scope))
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert received == []


def test_an_endless_body_is_cut_off(strict: Endpoint) -> None:
    """Without an announced size, reading stops just beyond the limit."""
    received: list[int] = []

    async def receive() -> Message:
        received.append(1000)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    sent = asyncio.run(called(strict, receive))
    assert sent[0]["status"] == 413
    assert sum(received) == 3000


@pytest.mark.parametrize("path", ["/v1/classify", "/classify", "/v1/feedback"])
def test_a_body_that_stops_coming_is_408(strict: Endpoint, path: str) -> None:
    """The connection is closed: the rest may still come."""
    key = FEEDBACK if path == "/v1/feedback" else CLASSIFY
    scope = scope_of(path, *key.items())
    strict.app.serving.bodies = Bodies(2000, max_s=0.01)

    async def receive() -> Message:
        return await asyncio.Future()

    try:
        sent = asyncio.run(called(strict, receive, scope))
    finally:
        strict.app.serving.bodies = Bodies(2000)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["error"]["code"] == "body_timeout"


@pytest.mark.parametrize("headers", [(), (("authorization", "Bearer another"),)])
@pytest.mark.parametrize("path", ["/v1/classify", "/classify", "/v1/feedback", "/nowhere", "/"])
def test_without_a_key_nothing_of_a_body_is_received(
    strict: Endpoint, path: str, headers: tuple[tuple[str, str], ...]
) -> None:
    """401 comes first, however large the body is or however long it takes."""

    async def receive() -> Message:
        message = "nothing should be received"
        raise AssertionError(message)

    scope = scope_of(path, ("content-length", "99999999"), *headers)
    assert asyncio.run(called(strict, receive, scope))[0]["status"] == 401


WORST: Mapping[str, tuple[JsonObject, int]] = {
    "extra names": (
        {"documents": [{"text": "a", "features": {f"n{n}": 1 for n in range(1000)}}] * 256},
        200,
    ),
    "long extra names": (
        {"documents": [{"text": "a", "features": {f"{n}{'n' * 4000}": 1 for n in range(900)}}]},
        200,
    ),
    "one extra name": ({"documents": [{"text": "a", "features": {"n" * 3_000_000: 1}}]}, 200),
    "problems": ({"documents": [{"text": 1, "segment": 1, "request_id": 1, "x": 1}] * 256}, 422),
    "no column fits": (
        {"documents": [{"text": "a", "features": {"pages": [], "amount": {}, "court": []}}] * 256},
        422,
    ),
    "ids": ({"documents": [{"text": "a", "request_id": "i" * 3_000_000}]}, 422),
    "labels": ({"labels": [{"request_id": "a", "label": "\u0301" * 500}] * 1000}, 202),
    "a long label": ({"labels": [{"request_id": "a", "label": "l" * 3_000_000}]}, 202),
    "no labels": ({"labels": [{"x" * 1000: 1}] * 1000}, 202),
}


@pytest.mark.parametrize("name", WORST)
def test_what_a_body_makes_us_say_is_bounded(endpoint: Endpoint, name: str) -> None:
    """However much is wrong or unknown: a short answer, short log lines, no new time series."""
    body, status = WORST[name]
    path = "/v1/feedback" if "labels" in body else "/v1/classify"
    documents = len(body.get("documents", ()))
    before, logged = set(samples(endpoint)), len(endpoint.logged())
    response = endpoint.client.post(path, json=body)
    assert response.status_code == status
    assert len(response.content) < 100_000 + 3000 * documents
    assert len(endpoint.logged()) - logged < 10_000 + 2000 * documents
    # The figures are asked for with status 200.
    assert set(samples(endpoint)) - before <= {
        f"understudy_requests_total/{count}" for count in (200, status)
    } | {
        f"understudy_inputs_total/{feature}/{kind}"
        for kind in KINDS
        for feature in ("", "pages", "amount", "court", "sender")
    }


@pytest.mark.parametrize("step", ["json", "what it holds"])
@pytest.mark.parametrize(("path", "function"), [("classify", "documents"), ("feedback", "labels")])
def test_a_large_body_is_parsed_and_validated_beside_the_event_loop(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, path: str, function: str, step: str
) -> None:
    """Small requests go on meanwhile, and are parsed and validated on the loop itself."""
    threads: list[str] = []
    name = "parse_json" if step == "json" else f"parse_{function}"
    parse = getattr(routes, name)

    def watched(*args: object) -> object:
        threads.append(current_thread().name)
        return parse(*args)

    monkeypatch.setattr(routes, name, watched)
    for size in (10, 100_000):
        body = {function: [{"text": "a"}] if path == "classify" else [{"label": "a"}], "x": "x"}
        endpoint.client.post(f"/v1/{path}", json=body | {"x": "x" * size})
    small, large = threads
    assert large.startswith("large-bodies")
    assert not small.startswith("large-bodies")


def test_no_list_is_kept_where_nothing_is_captured(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document waits for its challengers without what no column takes."""
    kept: list[JsonObject] = []

    def watched(*args: Any) -> list[Document]:  # noqa: ANN401 (handed on)
        documents = parse_documents(*args)
        kept.extend(dict(document.features) for document in documents)
        return documents

    monkeypatch.setattr(routes, "parse_documents", watched)
    assert endpoint.runtime.settings.capture == "none"
    assert endpoint.classify({"text": "a", "features": {"other": [1, 2]}}).status_code == 200
    assert kept == [{"other": []}]


def scope_of(path: str, *headers: tuple[str, str]) -> Scope:
    """Return what a server knows of a request before its body."""
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }


async def called(endpoint: Endpoint, receive: Receive, scope: Scope | None = None) -> list[Message]:
    """Call the app as a server would, on ``/v1/classify`` by default, and give what it sent."""
    scope = scope or scope_of("/v1/classify", *CLASSIFY.items())
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await endpoint.app(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    "documents", [[{"text": "a"}] * 9, [{"text": "a"}, {"text": "x" * 101}]], ids=["many", "long"]
)
def test_too_many_or_too_long_is_413(strict: Endpoint, documents: list[JsonObject]) -> None:
    """Limits of documents and of characters are refused alike."""
    response = strict.client.post("/v1/classify", json={"documents": documents}, headers=CLASSIFY)
    assert (response.status_code, error_of(response)["code"]) == (413, "too_large")


def test_a_full_queue_is_429_and_says_when_to_come_back(strict: Endpoint) -> None:
    """Nothing of the request is computed, and a smaller one is answered."""
    # What does not fit is not even validated.
    body = {"documents": [{"text": "a"}] * 4 + [{"text": "a", "unknown": 1}]}
    before = strict.runtime.champion
    assert before is not None
    answered = before.recorder.documents
    response = strict.client.post("/v1/classify", json=body, headers=CLASSIFY)
    assert (response.status_code, error_of(response)["code"]) == (429, "overloaded")
    assert int(response.headers["retry-after"]) >= 1
    assert before.recorder.documents == answered
    body = {"documents": [{"text": "a"}] * 4}
    assert strict.client.post("/v1/classify", json=body, headers=CLASSIFY).status_code == 200


def test_a_deadline_that_passed_is_504(endpoint: Endpoint) -> None:
    """No time at all is no answer, and nothing is computed."""
    before = samples(endpoint)["understudy_documents_total"]
    response = endpoint.classify({"text": "a"}, Understudy_Deadline_Ms="0")
    assert (response.status_code, error_of(response)["code"]) == (504, "deadline_passed")
    assert samples(endpoint)["understudy_documents_total"] == before


@pytest.mark.parametrize("deadline", [BEYOND_MS, "9" * 5000, f"000{BEYOND_MS}"])
def test_a_deadline_may_be_longer_than_ours(endpoint: Endpoint, deadline: str) -> None:
    """It can shorten the service's own deadline and never lengthen it."""
    response = endpoint.classify({"text": "a"}, Understudy_Deadline_Ms=deadline)
    assert response.status_code == 200


@pytest.mark.parametrize("deadline", ["-1", "1.5", "soon", "", "1e3"])
def test_a_deadline_that_is_none_is_400(endpoint: Endpoint, deadline: str) -> None:
    """A whole number of milliseconds, or the request is refused."""
    response = endpoint.classify({"text": "a"}, Understudy_Deadline_Ms=deadline)
    assert response.status_code == 400
    assert "Understudy-Deadline-Ms" in error_of(response)["message"]


def test_work_for_a_client_who_left_is_dropped(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document is never counted as answered, and its place is free again."""
    # The client is looked for before the answer is there.
    go_on = endpoint.hold_engine(monkeypatch)
    body = json.dumps({"documents": [{"request_id": "left", "text": "a"}] * 200}).encode()
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": body, "more_body": False},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Message:
        return next(messages)

    assert endpoint.client.portal is not None
    sent = endpoint.client.portal.call(called, endpoint, receive)
    go_on.set()
    assert sent[0]["status"] == 499
    assert endpoint.answer()["label"]
    assert "left" not in endpoint.logged()
    assert endpoint.runtime.champion is not None
    assert endpoint.runtime.champion.scheduler.documents == 0
    assert samples(endpoint)["understudy_requests_total/499"] == 1


def test_a_request_that_the_server_cancels_is_cancelled(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cancellation reaches the server as it is, and nothing is answered."""
    go_on = endpoint.hold_engine(monkeypatch)

    async def stop_while_it_is_watched() -> None:
        watched = asyncio.Event()
        body = json.dumps({"documents": [{"text": "a"}] * 200}).encode()
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Message:
            message = next(messages, None)
            if message is None:
                watched.set()
                await asyncio.Event().wait()
            assert message is not None
            return message

        request = asyncio.create_task(called(endpoint, receive))
        await watched.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    assert endpoint.client.portal is not None
    endpoint.client.portal.call(stop_while_it_is_watched)
    go_on.set()
    assert endpoint.answer()["label"]


def test_a_failure_of_ours_is_500_and_quotes_nobody(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator learns where it failed; neither client nor operator reads the user's words."""

    class BrokenAccess(Access):
        def check(self, headers: Headers, scope: str | None) -> Caller:
            raise RuntimeError(CANARY, headers, scope)

    app = WebApp()
    app.serving = Serving(endpoint.runtime, BrokenAccess(None), {})
    response = TestClient(app).post("/v1/classify", json={})
    assert (response.status_code, error_of(response)["code"]) == (500, "internal")
    assert "RuntimeError" in caplog.text
    assert "in check" in caplog.text
    assert CANARY not in caplog.text


def test_no_words_of_the_user_reach_the_log(
    champion: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Texts that were answered, and texts in every wrong place, are in no line of any log."""
    log = tmp_path / "log.jsonl"
    good = {"text": CANARY, "request_id": "answered", "segment": "emea"}
    bodies: list[object] = [
        {"documents": [good]},
        {"documents": [{**good, "features": {"extra": CANARY, "court": [CANARY]}}]},
        {"documents": [{**good, "features": {"extra": {CANARY: 1}}}]},
        {"documents": [{**good, CANARY: 1}]},
        {"documents": [{**good, "features": {"pages": CANARY}}]},
        {"documents": [{**good, "text": [CANARY]}]},
        {"documents": [{"text": CANARY * 100_000}]},
        {"documents": [{"text": CANARY}] * 300},
        {"labels": [{"request_id": CANARY, "label": [CANARY]}]},
        {"labels": [{"request_id": "a", "label": CANARY, CANARY: CANARY}]},
        {"labels": [{"request_id": "a", "label": "memo", "source": CANARY}]},
        {"labels": [{"request_id": "a", "label": "memo", "inclusion_probability": CANARY}]},
        CANARY,
    ]
    with running(Settings(champion=str(champion), log_file=log)) as endpoint:
        for path in ("/v1/classify", "/classify", "/v1/feedback"):
            statuses = [endpoint.client.post(path, json=body).status_code for body in bodies]
            assert max(statuses) < 500
            assert endpoint.client.post(path, content=CANARY.encode()).status_code == 400
    events = Counter(json.loads(line)["event"] for line in log.read_text().splitlines())
    assert events["request.observed"] == 4
    assert CANARY not in log.read_text()
    assert CANARY not in caplog.text


# Everything else.


def test_feedback_is_counted_and_recorded(endpoint: Endpoint, bundle: Bundle) -> None:
    """202 with how many were accepted, and why the others were not."""
    endpoint.classify({"request_id": "labelled", "text": "a"})
    label = bundle.labels[0]
    labels = [
        {"request_id": "labelled", "label": label},
        {"request_id": "unheard-of", "label": label},
        {"request_id": "labelled", "label": label, "source": CANARY},
        {"label": label},
        {
            "request_id": "labelled",
            "label": " a class of its own ",
            "source": "queue",
            "stratum": "emea",
            "inclusion_probability": 0.25,
            "labelled_at": "2026-03-01T09:30:00+01:00",
        },
    ]
    response = endpoint.client.post("/v1/feedback", json={"labels": labels})
    assert response.status_code == 202
    body = response.json()
    paths = [problem["path"] for problem in body.pop("problems")]
    assert body == {"accepted": 3, "matched": 2, "unmatched": 1, "rejected": 2}
    assert paths == ["labels[2].source", "labels[3].request_id"]
    assert CANARY not in response.text
    lines = [json.loads(line) for line in endpoint.logged().splitlines()]
    told = endpoint.client.get("/v1/status").json()["performance"]["realised"]
    assert told["documents"] == 1
    assert [each["documents"] for each in told["classes"].values()] == [1]
    assert told["accuracy"]["low"] <= told["accuracy"]["value"] <= told["accuracy"]["high"]
    recorded = [line for line in lines if line["event"] == "feedback.received"]
    assert [line["request_id"] for line in recorded] == ["labelled", "unheard-of", "labelled"]
    assert recorded[0]["observation"]["label"] in bundle.labels
    assert recorded[1]["observation"] is None
    fields = ("label", "source", "stratum", "inclusion_probability", "labelled_at")
    assert [[line[field] for field in fields] for line in recorded] == [
        *[[label, "truth", None, None, None]] * 2,
        ["a class of its own", "queue", "emea", 0.25, "2026-03-01T08:30:00.000000Z"],
    ]


def test_feedback_without_labels_is_422(strict: Endpoint) -> None:
    """There must be something to record."""
    response = strict.client.post("/v1/feedback", json={"labels": []}, headers=FEEDBACK)
    assert (response.status_code, error_of(response)["code"]) == (422, "invalid_documents")


def test_status_has_the_fields_of_the_contract(endpoint: Endpoint, bundle: Bundle) -> None:
    """Who answers, how surely, how far from the reference, and what was lost."""
    endpoint.answer()
    status = endpoint.client.get("/v1/status").json()
    assert {
        *("replica", "run", "ready", "champion", "challengers", "coverage", "confidence"),
        *("drift", "verdict", "guard", "lost_log_lines"),
    } <= set(status)
    assert (status["replica"], status["run"]) == ("here", endpoint.runtime.run)
    assert (status["ready"], status["state"], status["draining"]) == (True, "ready", False)
    assert status["champion"] == {**bundle.identity.to_json(), "engine": "torch"}
    assert status["challengers"] == []
    assert status["coverage"] == {
        **dict.fromkeys(("eligible", "compared", "pending", "spooled"), 0),
        "missed": {},
    }
    assert 0 < status["confidence"] <= 1
    assert {"metric", "value", "alarm"} <= set(status["drift"]["pages"])
    assert set(status["inputs"]) == {*KINDS}
    guard = {"passed": True, "environment_differences": {}, "tolerated": []}
    assert {**status["guard"], **guard} == status["guard"]
    assert status["lost_log_lines"] == 0


def test_metrics_count_requests_by_status(endpoint: Endpoint) -> None:
    """Each answer raises the counter of its status and is timed."""
    before = Counter(samples(endpoint))
    endpoint.answer()
    endpoint.classify({"text": 5})
    endpoint.client.get("/")
    endpoint.client.get("/nothing")
    endpoint.client.delete("/v1/status")
    change = Counter(samples(endpoint))
    change.subtract(before)
    assert change["understudy_requests_total/422"] == 1
    assert change["understudy_requests_total/404"] == 1
    assert change["understudy_requests_total/405"] == 1
    # The first scrape was a request as well.
    assert change["understudy_requests_total/200"] == 3
    assert change["understudy_request_seconds_count"] == 6
    assert change["understudy_documents_total"] == 1
    assert change["understudy_champion_confidence_count"] == 1
    assert change["understudy_ready"] == 0


def test_the_description_is_that_of_the_running_bundle(endpoint: Endpoint, bundle: Bundle) -> None:
    """Columns and labels are those of the champion."""
    schemas = endpoint.client.get("/v1/openapi.json").json()["components"]["schemas"]
    features = schemas["Document"]["properties"]["features"]["properties"]
    assert set(features) == set(bundle.preprocessing.schema.columns)
    assert schemas["Prediction"]["properties"]["label"]["enum"] == list(bundle.labels)


def test_the_page_allows_itself_only_what_it_needs(endpoint: Endpoint) -> None:
    """The dashboard loads nothing from elsewhere and connects to nothing else."""
    response = endpoint.client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"].startswith("default-src 'none';")
    assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.fixture
def held_start(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Let no champion be ready until the event is set."""
    go_on, warm_up = Event(), TorchEngine.warm_up

    def wait(engine: TorchEngine) -> None:
        assert go_on.wait(PATIENCE_S)
        warm_up(engine)

    monkeypatch.setattr(TorchEngine, "warm_up", wait)
    return go_on


def test_starting_and_draining_are_503(champion: Path, tmp_path: Path, held_start: Event) -> None:
    """Before the champion is there and once it drains, requests are refused and status answers."""
    log = tmp_path / "log.jsonl"
    settings = Settings(champion=str(champion), log_file=log, replica="here")
    with running(settings, wait=False) as endpoint:
        _refuses(endpoint, "starting")
        held_start.set()
        endpoint.wait_until_ready()
        endpoint.answer()
        assert endpoint.client.portal is not None
        endpoint.client.portal.call(endpoint.runtime.drain)
        _refuses(endpoint, "draining")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines] == [
        *("service.started", "drift.reference", "request.observed", "drift.window"),
        *("service.stopping", "service.stopping", "service.stopped"),
    ]
    assert lines[-1]["observed"] == lines[-1]["flushed"] == 1
    assert (lines[-1]["compared"], lines[-1]["missed"]) == (0, {})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/classify", {"documents": [{"text": "a text"}]}),
        ("/v1/feedback", {"labels": [{"request_id": "a", "label": "contract"}]}),
    ],
)
def test_a_body_that_arrives_during_the_stop_is_refused(
    champion: Path, tmp_path: Path, path: str, body: JsonObject
) -> None:
    """A request that began before the stop, and whose body ends after it, is not taken."""
    settings = Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")
    sent: list[Message] = []

    async def receive() -> Message:
        await endpoint.runtime.drain()
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    with running(settings) as endpoint:
        scope = {"type": "http", "method": "POST", "path": path, "headers": [], "root_path": ""}
        assert endpoint.client.portal is not None
        endpoint.client.portal.call(endpoint.app, scope, receive, send)
    assert sent[0]["status"] == 503


def test_a_stop_does_not_wait_for_bodies_that_do_not_come(champion: Path, tmp_path: Path) -> None:
    """Clients that send slowly, or nothing at all, are told so at once."""
    settings = Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")
    paths = ["/v1/classify", "/classify", "/v1/feedback"]
    held = list(itertools.product(paths, [b"", b"{", b"{" + b" " * 100_000]))
    waiting: list[str] = []
    stops: list[asyncio.Task[None]] = []

    async def ask(path: str, begun: bytes) -> list[Message]:
        chunks = [begun]

        async def receive() -> Message:
            if chunks:
                return {"type": "http.request", "body": chunks.pop(), "more_body": True}
            waiting.append(path)
            if len(waiting) == len(held):
                stops.append(asyncio.create_task(endpoint.runtime.drain()))
            return await asyncio.Future()

        return await called(endpoint, receive, scope_of(path))

    async def ask_all() -> list[list[Message]]:
        return await asyncio.gather(*itertools.starmap(ask, held))

    with running(settings) as endpoint:
        assert endpoint.client.portal is not None
        for sent in endpoint.client.portal.call(ask_all):
            assert sent[0]["status"] == 503
            assert (b"connection", b"close") in sent[0]["headers"]


def _refuses(endpoint: Endpoint, state: str) -> None:
    response = endpoint.classify({"text": CANARY})
    assert (response.status_code, error_of(response)["code"]) == (503, "unavailable")
    assert state in error_of(response)["message"]
    assert response.headers["connection"] == "close"
    labels = {"labels": [{"request_id": "a", "label": "contract"}]}
    assert endpoint.client.post("/v1/feedback", json=labels).status_code == 503
    if state == "starting":
        assert endpoint.client.get("/v1/verdict").status_code == 503
    status = endpoint.client.get("/v1/status").json()
    assert (status["ready"], status["state"]) == (False, state)
    assert endpoint.client.get("/v1/openapi.json").status_code == 200
    assert samples(endpoint)["understudy_ready"] == 0


def test_drained_while_starting_it_never_becomes_ready(
    champion: Path, tmp_path: Path, held_start: Event
) -> None:
    """A stop that comes early is obeyed, and nothing is left running."""
    settings = Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")
    with running(settings, wait=False) as endpoint:
        assert endpoint.client.portal is not None
        endpoint.client.portal.call(endpoint.runtime.drain)
        held_start.set()
        assert (endpoint.runtime.state, endpoint.runtime.champion) == ("draining", None)


def test_a_champion_that_cannot_be_started_leaves_a_traceback(
    champion: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault that is no refusal leaves a traceback for the operator, and 503 for clients."""

    def out_of_memory(_: TorchEngine) -> None:
        message = "no memory left"
        raise RuntimeError(message)

    monkeypatch.setattr(TorchEngine, "warm_up", out_of_memory)
    settings = Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")
    with running(settings, wait=False) as endpoint:
        endpoint.wait_until(lambda: endpoint.runtime.state != "starting")
        _refuses(endpoint, "failed")
    assert "no memory left" in caplog.text

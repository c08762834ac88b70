"""The request path as a whole: how requests affect each other."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import torch

from artifacts.bundle.network import model_of
from artifacts.bundle.preprocessing import Preprocessing
from service import classification
from service.settings import Settings
from tests.patience import PATIENCE_S, wait_until
from tests.service.http.endpoint import Endpoint, running
from tests.service.shadow.samples import pending

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding
    from guards.schema import CanonicalRow

LONG = "a long text " * 1000


@pytest.fixture(scope="module")
def endpoint(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Run the champion."""
    log = tmp_path_factory.mktemp("classification") / "log.jsonl"
    with running(Settings(champion=str(champion), log_file=log, replica="here")) as endpoint:
        yield endpoint


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hold back the encoding of long texts until the gate is opened."""
    gate = threading.Event()
    encode = Preprocessing.encode

    def wait_for_gate(
        self: Preprocessing, texts: Sequence[str], rows: Sequence[CanonicalRow]
    ) -> list[Encoding]:
        if LONG in texts:
            assert gate.wait(PATIENCE_S)
        return encode(self, texts, rows)

    monkeypatch.setattr(Preprocessing, "encode", wait_for_gate)
    return gate


def test_the_log_says_that_a_document_had_every_core(endpoint: Endpoint) -> None:
    """A document that comes alone is marked, since its processor time is not all of it."""
    request_id = endpoint.answer("a text that comes alone")["request_id"]
    (line,) = (
        line
        for line in map(json.loads, endpoint.logged().splitlines())
        if line.get("request_id") == request_id
    )
    assert line["champion"]["exclusive"] is True


def test_a_long_text_does_not_delay_short_ones(endpoint: Endpoint, gate: threading.Event) -> None:
    """While it is encoded, short ones are answered; then it is answered too."""
    with ThreadPoolExecutor(1) as elsewhere:
        long = elsewhere.submit(endpoint.answer, LONG)
        for _ in range(3):
            endpoint.answer("a short text")
        assert not long.done()
        gate.set()
        assert long.result(PATIENCE_S)["label"]


def test_a_deadline_passes_while_a_long_text_is_encoded(
    endpoint: Endpoint, gate: threading.Event
) -> None:
    """The request fails in time, and nothing is computed for it."""
    response = endpoint.classify({"text": LONG}, Understudy_Deadline_Ms="100")
    gate.set()

    assert response.status_code == 504
    assert endpoint.runtime.champion is not None
    assert endpoint.runtime.champion.scheduler.documents == 0


def test_a_request_whose_deadline_has_passed_is_encoded_no_further(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of twenty long documents, those that were not begun in time never are."""
    gate = threading.Event()
    encoded: list[str] = []
    encode = Preprocessing.encode

    def counted(
        self: Preprocessing, texts: Sequence[str], rows: Sequence[CanonicalRow]
    ) -> list[Encoding]:
        encoded.extend(texts)
        assert gate.wait(PATIENCE_S)
        return encode(self, texts, rows)

    monkeypatch.setattr(Preprocessing, "encode", counted)
    documents = [{"text": f"{number} a long text " * 3000} for number in range(20)]
    response = endpoint.classify(*documents, Understudy_Deadline_Ms="100")
    gate.set()

    assert response.status_code == 504
    assert endpoint.answer("a short text")["label"]
    assert encoded == [documents[0]["text"], "a short text"]


def test_encoding_takes_no_thread_that_the_service_needs(
    endpoint: Endpoint, gate: threading.Event
) -> None:
    """While more long texts are encoded than there are threads, the verdict is judged."""
    with ThreadPoolExecutor(40) as elsewhere:
        answers = [elsewhere.submit(endpoint.answer, LONG) for _ in range(40)]
        champion = endpoint.runtime.champion
        assert champion is not None
        wait_until(lambda: champion.scheduler.documents == 40, "all of them")
        assert endpoint.client.portal is not None
        elsewhere_too = endpoint.client.portal.start_task_soon(asyncio.to_thread, int)
        assert elsewhere_too.result(PATIENCE_S) == 0
        gate.set()
        assert all(answer.result(PATIENCE_S)["label"] for answer in answers)


def test_a_service_that_has_stopped_has_none_of_its_threads(champion: Path, tmp_path: Path) -> None:
    """Neither a stop nor the end of the process waits for texts that nobody waits for."""
    before = set(threading.enumerate())
    settings = Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")
    with running(settings) as endpoint:
        endpoint.answer(LONG)
        started = {one for one in threading.enumerate() if one.name.startswith("encoding")} - before
    assert started
    for thread in started:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in started)


@pytest.mark.parametrize("lengths", [[1], [60_000], [10, 60_000, 10], [20_000] * 5, [1000] * 256])
def test_parts_of_a_request_are_its_documents_in_order(lengths: list[int]) -> None:
    """Each has one document, or so few characters that it is soon encoded."""
    documents = [pending(str(i), text="x" * n).document for i, n in enumerate(lengths)]
    parts = list(classification._parts(documents))  # noqa: SLF001 (no request shows its parts)
    assert [document for part in parts for document in part] == documents
    for part in parts:
        assert len(part) == 1 or sum(len(document.text) for document in part) <= 50_000


def test_a_request_in_parts_is_answered_as_each_document_alone(endpoint: Endpoint) -> None:
    """Where it was split shows in no answer."""
    texts = [f"document {number} of many " * 800 for number in range(6)]
    response = endpoint.classify(*({"text": text} for text in texts))
    together = [prediction["probabilities"] for prediction in response.json()["predictions"]]
    alone = [endpoint.answer(text)["probabilities"] for text in texts]
    assert together == [pytest.approx(probabilities, abs=1e-5) for probabilities in alone]


def test_an_answer_that_is_not_a_number_is_an_error_of_its_own(
    champion: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The request is told which document it was, the log that there was one, and others go on."""
    settings = Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")
    with running(settings) as endpoint:
        bundle = endpoint.runtime.accepting_champion().bundle
        sound, spoilt = endpoint.answer("a text"), "unheard of"
        (rare, *_) = set(ids_of(bundle, spoilt)) - set(ids_of(bundle, "a text"))
        embeddings = model_of(bundle.network).get_input_embeddings().get_parameter("weight")
        with torch.no_grad():
            embeddings[rare] = float("inf")

        response = endpoint.classify({"text": "a text"}, {"text": spoilt})

        assert response.status_code == 500
        assert response.json()["error"]["code"] == "answer_not_finite"
        assert "documents[1]" in response.json()["error"]["message"]
        assert endpoint.answer("a text")["probabilities"] == sound["probabilities"]
    (message,) = (record.getMessage() for record in caplog.records if record.levelname == "ERROR")
    assert "documents[1]" in message
    assert spoilt not in message


def ids_of(bundle: Bundle, text: str) -> list[int]:
    """Return the ids of a text's tokens."""
    (encoding,) = bundle.preprocessing.encode_documents([{"text": text, "features": {}}])
    return list(encoding.token_ids.ravel())

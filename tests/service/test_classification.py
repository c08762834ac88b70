"""The request path as a whole: how requests affect each other."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.preprocessing import Preprocessing
from service.settings import Settings
from tests.patience import PATIENCE_S
from tests.service.http.endpoint import Endpoint, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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

"""How a challenger's process answers: one document per lane at a time, and each one once."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from service.engines.torch import TorchEngine
from service.shadow.local import codec, wire
from service.shadow.local.worker import Worker
from tests.clock import Clock
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from _typeshed import ReadableBuffer
    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from artifacts.tables import Table
    from guards.json_types import JsonObject
    from service.engines import Engine
    from service.shadow.local.wire import Message


class ScriptedEngine:
    """An engine that runs a function of the test, and returns even probabilities."""

    name = "scripted"
    lanes = 2
    max_tokens = 0
    embeds = True

    def __init__(self, classes: int, run: Callable[[Encoding], None] = lambda _: None) -> None:
        self._row = np.full((1, classes), 1 / classes, dtype=np.float32)
        self._run = run

    def probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> NDArray[np.float32]:
        """Run the function on the one document."""
        assert not exclusive
        (encoding,) = encodings
        self._run(encoding)
        return self._row

    def embedded_probabilities(
        self, encodings: Sequence[Encoding], *, exclusive: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fail: the embedding of a challenger is not watched, and costs nothing."""
        raise NotImplementedError

    def warm_up(self) -> None:
        """Need nothing."""


class Answers(io.BytesIO):
    """A stream that counts how often it is written to."""

    writes = 0

    def write(self, data: ReadableBuffer) -> int:
        """Count one more."""
        self.writes += 1
        return super().write(data)


@pytest.fixture(scope="module")
def bundle(champion: Path) -> Bundle:
    """Open the champion, read only."""
    return open_bundle(champion)


def encoded(bundle: Bundle, documents: Sequence[JsonObject]) -> list[Encoding]:
    """Encode documents as the request path does."""
    preprocessing = bundle.preprocessing
    rows = preprocessing.canonical(documents)
    return preprocessing.encode([document["text"] for document in documents], rows)


def answered(
    bundle: Bundle, engine: Engine, requests: Sequence[bytes], answers: io.BytesIO | None = None
) -> dict[int, Message]:
    """Let a worker of two lanes answer requests; return the answers by number."""
    stream = io.BytesIO() if answers is None else answers
    Worker(bundle, engine, io.BytesIO(b"".join(requests)), stream).answer_until_the_end(2)
    messages = list(wire.take(bytearray(stream.getvalue())))
    numbers = [message.fields["id"] for message in messages]
    assert len(set(numbers)) == len(numbers)
    return {message.fields["id"]: message for message in messages}


def test_an_encoding_and_the_text_give_the_same_answer_to_the_bit(
    bundle: Bundle, small_table: Table
) -> None:
    """With the champion's encoding it answers as it does with the text."""
    documents = small_table.documents[:20]
    from_text = answered(
        bundle,
        TorchEngine(bundle),
        [
            wire.encode({"id": n, "text": row["text"], "features": row["features"]})
            for n, row in enumerate(documents)
        ],
    )
    from_encodings = answered(
        bundle,
        TorchEngine(bundle),
        [codec.as_encoding(n, e) for n, e in enumerate(encoded(bundle, documents))],
    )
    assert [from_encodings[n].arrays for n in range(20)] == [from_text[n].arrays for n in range(20)]


def test_an_encoding_is_neither_tokenised_nor_transformed(
    bundle: Bundle, small_table: Table
) -> None:
    """The engine receives the very ids and columns that were sent."""
    received: list[Encoding] = []
    sent = encoded(bundle, small_table.documents[:1])[0]
    ids, columns = sent.token_ids + 1, sent.columns * 2
    changed = type(sent)(ids, columns, sent.row, unknown_tokens=0, truncated=False)
    answered(bundle, ScriptedEngine(6, received.append), [codec.as_encoding(0, changed)])
    np.testing.assert_array_equal(received[0].token_ids, ids)
    np.testing.assert_array_equal(received[0].columns, columns)


def test_two_lanes_run_at_once(bundle: Bundle, small_table: Table) -> None:
    """Each of two documents waits until the other runs; one lane would wait for ever."""
    both = threading.Barrier(2)

    def run(_: Encoding) -> None:
        both.wait(PATIENCE_S)

    encodings = encoded(bundle, small_table.documents[:6])
    requests = [codec.as_encoding(n, e) for n, e in enumerate(encodings)]
    answers_by_id = answered(bundle, ScriptedEngine(6, run), requests)
    assert sorted(answers_by_id) == list(range(6))
    assert not any("error" in message.fields for message in answers_by_id.values())


def test_a_document_that_is_done_does_not_wait_for_an_older_one(
    bundle: Bundle, small_table: Table
) -> None:
    """The first one is blocked until the second, which came later, has been answered."""
    second_answered = threading.Event()
    first, second = encoded(bundle, small_table.documents[:2])

    def run(encoding: Encoding) -> None:
        if np.array_equal(encoding.token_ids, first.token_ids):
            assert second_answered.wait(PATIENCE_S)

    class Flushed(Answers):
        def flush(self) -> None:
            second_answered.set()

    answers = Flushed()
    answers_by_id = answered(
        bundle,
        ScriptedEngine(6, run),
        [codec.as_encoding(1, first), codec.as_encoding(2, second)],
        answers,
    )
    assert list(answers_by_id) == [2, 1]
    assert answers.writes == 2


def test_answers_are_sent_together_while_there_is_more_to_do(
    bundle: Bundle, small_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write for each would wake the service as often as there are documents."""
    monkeypatch.setattr("service.shadow.local.worker.time", Clock())
    answers = Answers()
    (encoding,) = encoded(bundle, small_table.documents[:1])
    requests = [codec.as_encoding(n, encoding) for n in range(50)]
    assert len(answered(bundle, ScriptedEngine(6), requests, answers)) == 50
    assert answers.writes < 25


def test_a_failure_is_the_error_of_one_document(bundle: Bundle, small_table: Table) -> None:
    """The error has the name of the exception, in preprocessing, codec and engine alike."""
    good, bad = encoded(bundle, small_table.documents[:2])

    def run(encoding: Encoding) -> None:
        if np.array_equal(encoding.token_ids, bad.token_ids):
            raise ZeroDivisionError

    answers_by_id = answered(
        bundle,
        ScriptedEngine(6, run),
        [
            wire.encode({"id": 1, "text": "a text", "features": {"pages": "many"}}),
            wire.encode({"id": 2, "token_ids": [1, 10]}, b"x"),
            wire.encode({"id": 3}),
            codec.as_encoding(4, bad),
            codec.as_encoding(5, good),
        ],
    )
    errors = {number: message.fields.get("error") for number, message in answers_by_id.items()}
    assert errors == {
        1: "ValueError",
        2: "ValueError",
        3: "KeyError",
        4: "ZeroDivisionError",
        5: None,
    }


def test_requests_that_are_no_frames_end_the_worker(bundle: Bundle) -> None:
    """The process ends with an error, and the service starts it again."""
    with pytest.raises(ValueError, match="announces"):
        Worker(
            bundle, ScriptedEngine(6), io.BytesIO(b"\xff" * 8), io.BytesIO()
        ).answer_until_the_end(2)

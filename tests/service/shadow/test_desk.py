"""How a challenger's process answers: as many at once as it has lanes, and each document once."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from artifacts.opening import Bundle, open_bundle
from service.engines.torch import TorchEngine
from service.shadow import frames, handover
from service.shadow.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding
    from artifacts.tables import Table
    from service.engines import Engine
    from service.shadow.frames import Message

PATIENCE_S = 20.0


class Scripted:
    """An engine that does what a test says, and gives even probabilities."""

    name = "scripted"
    lanes = 2
    most_tokens = 0

    def __init__(self, classes: int, run: Callable[[Encoding], None] = lambda _: None) -> None:
        self._row = np.full((1, classes), 1 / classes, dtype=np.float32)
        self._run = run

    def probabilities(
        self, encodings: Sequence[Encoding], *, alone: bool = False
    ) -> NDArray[np.float32]:
        """Do what the test says with the one document."""
        assert not alone
        (encoding,) = encodings
        self._run(encoding)
        return self._row

    def warm_up(self) -> None:
        """Need nothing."""


class Answers(io.BytesIO):
    """A stream that counts how often it is written to."""

    writes = 0

    def write(self, data: Any) -> int:  # noqa: ANN401 (whatever has bytes)
        """Count one more."""
        self.writes += 1
        return super().write(data)


@pytest.fixture(scope="module")
def bundle(champion: Path) -> Bundle:
    """Open the champion, read only."""
    return open_bundle(champion)


def encoded(bundle: Bundle, documents: Sequence[dict[str, Any]]) -> list[Encoding]:
    """Encode documents as the request path does."""
    preprocessing = bundle.preprocessing
    rows = preprocessing.canonical(documents)
    return preprocessing.encode([document["text"] for document in documents], rows)


def answered(
    bundle: Bundle, engine: Engine, requests: Sequence[bytes], answers: io.BytesIO | None = None
) -> dict[int, Message]:
    """Have a desk of two lanes answer requests; gives the answers by number."""
    stream = io.BytesIO() if answers is None else answers
    Desk(bundle, engine, io.BytesIO(b"".join(requests)), stream).answer_until_the_end(2)
    messages = list(frames.take(bytearray(stream.getvalue())))
    numbers = [message.fields["id"] for message in messages]
    assert len(set(numbers)) == len(numbers)
    return {message.fields["id"]: message for message in messages}


def test_an_encoding_and_the_text_give_the_same_answer_to_the_bit(
    bundle: Bundle, small_table: Table
) -> None:
    """Handed what the champion's preprocessing gave, it answers as it would have from text."""
    documents = small_table.documents[:20]
    from_text = answered(
        bundle,
        TorchEngine(bundle),
        [
            frames.encode({"id": n, "text": row["text"], "features": row["features"]})
            for n, row in enumerate(documents)
        ],
    )
    from_encodings = answered(
        bundle,
        TorchEngine(bundle),
        [handover.as_encoding(n, e) for n, e in enumerate(encoded(bundle, documents))],
    )
    assert [from_encodings[n].arrays for n in range(20)] == [from_text[n].arrays for n in range(20)]


def test_an_encoding_is_neither_tokenised_nor_transformed(
    bundle: Bundle, small_table: Table
) -> None:
    """The engine is given the very ids and columns that were handed over."""
    given: list[Encoding] = []
    sent = encoded(bundle, small_table.documents[:1])[0]
    ids, columns = sent.token_ids + 1, sent.columns * 2
    changed = type(sent)(ids, columns, sent.row, unknown_tokens=0, truncated=False)
    answered(bundle, Scripted(6, given.append), [handover.as_encoding(0, changed)])
    np.testing.assert_array_equal(given[0].token_ids, ids)
    np.testing.assert_array_equal(given[0].columns, columns)


def test_two_lanes_run_at_once(bundle: Bundle, small_table: Table) -> None:
    """Each of two documents waits for the other to be run; one lane would wait for ever."""
    both = threading.Barrier(2)

    def run(_: Encoding) -> None:
        both.wait(PATIENCE_S)

    encodings = encoded(bundle, small_table.documents[:6])
    requests = [handover.as_encoding(n, e) for n, e in enumerate(encodings)]
    found = answered(bundle, Scripted(6, run), requests)
    assert sorted(found) == list(range(6))
    assert not any("error" in message.fields for message in found.values())


def test_a_document_that_is_done_does_not_wait_for_an_older_one(
    bundle: Bundle, small_table: Table
) -> None:
    """The first is held up until the second, which came later, has been answered."""
    second_was_done = threading.Event()
    first, second = encoded(bundle, small_table.documents[:2])

    def run(encoding: Encoding) -> None:
        if np.array_equal(encoding.token_ids, first.token_ids):
            assert second_was_done.wait(PATIENCE_S)

    class Told(Answers):
        def flush(self) -> None:
            second_was_done.set()

    answers = Told()
    found = answered(
        bundle,
        Scripted(6, run),
        [handover.as_encoding(1, first), handover.as_encoding(2, second)],
        answers,
    )
    assert list(found) == [2, 1]
    assert answers.writes == 2


def test_answers_are_sent_together_while_there_is_more_to_do(
    bundle: Bundle, small_table: Table
) -> None:
    """Sending each by itself would wake the service as often as there are documents."""
    answers = Answers()
    (encoding,) = encoded(bundle, small_table.documents[:1])
    requests = [handover.as_encoding(n, encoding) for n in range(50)]
    assert len(answered(bundle, Scripted(6), requests, answers)) == 50
    assert answers.writes < 25


def test_what_fails_is_one_documents_error(bundle: Bundle, small_table: Table) -> None:
    """A misfit, nonsense for ids and an engine that raises are told by name."""
    good, bad = encoded(bundle, small_table.documents[:2])

    def run(encoding: Encoding) -> None:
        if np.array_equal(encoding.token_ids, bad.token_ids):
            raise ZeroDivisionError

    found = answered(
        bundle,
        Scripted(6, run),
        [
            frames.encode({"id": 1, "text": "a text", "features": {"pages": "many"}}),
            frames.encode({"id": 2, "token_ids": [1, 10]}, b"x"),
            frames.encode({"id": 3}),
            handover.as_encoding(4, bad),
            handover.as_encoding(5, good),
        ],
    )
    errors = {number: message.fields.get("error") for number, message in found.items()}
    assert errors == {
        1: "ValueError",
        2: "ValueError",
        3: "KeyError",
        4: "ZeroDivisionError",
        5: None,
    }


def test_requests_that_are_no_frames_end_it(bundle: Bundle) -> None:
    """Whoever writes nonsense is not answered; the process ends, and is started again."""
    with pytest.raises(ValueError, match="announces"):
        Desk(bundle, Scripted(6), io.BytesIO(b"\xff" * 8), io.BytesIO()).answer_until_the_end(2)

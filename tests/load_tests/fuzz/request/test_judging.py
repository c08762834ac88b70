"""What an answer may hold depends on the key, and what a log may hold on nothing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from load_tests.fuzz.request.bodies import MARKER
from load_tests.fuzz.request.drawing import DrawnRequest
from load_tests.fuzz.request.judging import LogReader, what_is_wrong
from load_tests.fuzz.request.service import Service
from load_tests.fuzz.request.wire import RawAnswer

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = frozenset({b"", b"the page"})
LABEL = b'{"predictions": [{"label":"contract"}]}'

RIGHT = [
    ("none", RawAnswer(401, b'{"error": 1}')),
    ("none", RawAnswer(200, b"the page")),
    ("feedback", RawAnswer(403, b"{}")),
    ("everything", RawAnswer(200, LABEL)),
    ("everything", RawAnswer(504, b"{}")),
]
WRONG = [
    ("none", RawAnswer(200, LABEL), "200 without a key"),
    ("none", RawAnswer(200, b"{}"), "200 without a key"),
    ("none", RawAnswer(422, b"{}"), "422 without a key"),
    ("none", RawAnswer(307, b""), "307 without a key"),
    ("none", RawAnswer(401, LABEL), "with the key none"),
    ("feedback", RawAnswer(200, LABEL), "with the key feedback"),
    ("everything", RawAnswer(500, b""), "answered with 500"),
    ("everything", RawAnswer(503, b""), "answered with 503"),
    ("everything", RawAnswer(101, b""), "another protocol"),
]


def request_with(key: str) -> DrawnRequest:
    """Return a request whose headers hold this key."""
    return DrawnRequest(0, key, (b"GET / HTTP/1.1\r\n\r\n",), complete=True)


@pytest.mark.parametrize(("key", "answer"), RIGHT)
def test_right_answers(key: str, answer: RawAnswer) -> None:
    """Refusals, public pages, and what a key opens are as they should be."""
    assert what_is_wrong(request_with(key), [answer], PUBLIC) is None


@pytest.mark.parametrize(("key", "answer", "told"), WRONG)
def test_wrong_answers(key: str, answer: RawAnswer, told: str) -> None:
    """An answer that says too much, or that the service failed, is told."""
    assert told in (what_is_wrong(request_with(key), [answer], PUBLIC) or "")


def test_second_answer_of_a_connection_has_no_key() -> None:
    """A request that is hidden behind one with a key must not be answered with that key."""
    answers = [RawAnswer(200, LABEL), RawAnswer(200, LABEL)]
    assert "without a key" in (what_is_wrong(request_with("everything"), answers, PUBLIC) or "")


def test_no_answer_is_wrong() -> None:
    """A whole request that is neither answered nor refused is held for ever."""
    assert "stays open" in (what_is_wrong(request_with("none"), None, PUBLIC) or "")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f'{{"text": "{MARKER}"}}', "text of a body"),
        ("Traceback (most recent call last):", "traceback"),
        ('{"id": "\u2028"}', "not printable"),
        ("a plain word", "no JSON"),
    ],
)
def test_lines_of_a_log(line: str, told: str, tmp_path: Path) -> None:
    """Each line that must not be in a log is told once."""
    files = [tmp_path / name for name in ("output", "errors", "log")]
    for file in files:
        file.write_text('{"event": "service.started"}\n')
    with subprocess.Popen(["true"]) as process:
        reader = LogReader(Service(process, 1, *files))
    assert [*reader.problems()] == []

    with files[0].open("a", encoding="utf-8") as output:
        output.write(f"{line}\n")

    assert told in " ".join(reader.problems())
    assert [*reader.problems()] == []

"""What an error says, and what it carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guards.errors import (
    CallError,
    Finding,
    GuardRefused,
    PartError,
    TableError,
    UnderstudyError,
    first_line,
)
from guards.findings import CATALOGUE

if TYPE_CHECKING:
    from guards.findings import Code

SCALER = Finding("preprocessing_changed", "pages.mean_", "8.75", "9.5", "train again")
VOCABULARY = Finding("part_missing", "preprocessing/tokenizer.json", "10 bytes", "no file", "copy")


def test_refusal_says_all_that_its_findings_say() -> None:
    """The message of a refusal holds code, subject, both values and remedy of each finding."""
    refusal = GuardRefused("docs/1", [SCALER, VOCABULARY])

    assert refusal.findings == (SCALER, VOCABULARY)
    message = str(refusal)
    assert "docs/1" in message
    for finding in refusal.findings:
        assert all(text in message for text in finding.to_json().values())


def test_finding_is_plain_json() -> None:
    """Log lines carry a finding as five named texts."""
    assert SCALER.to_json() == {
        "code": "preprocessing_changed",
        "subject": "pages.mean_",
        "expected": "8.75",
        "observed": "9.5",
        "remedy": "train again",
    }


@pytest.mark.parametrize("field", ["subject", "expected", "observed", "remedy"])
def test_finding_is_printable(field: str) -> None:
    """A finding holds no character that a terminal acts upon, whichever text it came in with."""
    texts = {"subject": "pages", "expected": "1", "observed": "2", "remedy": "train again"}

    finding = Finding("probe_failed", **{**texts, field: "caf\u00e9\x1b[2J\n\u202e"})

    assert getattr(finding, field) == "caf\u00e9\\x1b[2J\\n\\u202e"
    assert str(finding).count("\n") == 3


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_finding_is_shown_in_four_lines(code: Code) -> None:
    """Names begin no line of their own, in any place of any finding, and end somewhere."""
    evil = "a\x1b[2J\nb\x85c\u2028d" + "e" * 10**6

    text = str(Finding(code, evil, evil, evil, evil))

    assert len(text.splitlines()) == 4
    assert text.replace("\n", "").isprintable()
    assert len(text) < 50_000


@pytest.mark.parametrize("kind", [CallError, TableError])
def test_wrong_call_is_told_in_one_line(kind: type[CallError]) -> None:
    """Paths, columns and values in a message may hold anything."""
    message = str(kind("no column 'a\x1b[2J\nb\u2028' in caf\u00e9.csv"))

    assert message == "no column 'a\\x1b[2J\\nb\\u2028' in caf\u00e9.csv"
    assert len(str(kind("x" * 10**6))) < 11_000


def test_finding_without_a_remedy_has_that_of_its_code() -> None:
    """The catalogue says what to do where the cause needs no remedy of its own."""
    finding = Finding("part_missing", "probes.npz", "10 bytes", "no file")

    assert finding.remedy == CATALOGUE["part_missing"].remedy


def test_part_error_is_a_refusal_of_one_part() -> None:
    """Whoever handles refusals handles a broken part too."""
    error = PartError(VOCABULARY)

    assert isinstance(error, GuardRefused)
    assert error.subject == "preprocessing/tokenizer.json"
    assert error.findings == (VOCABULARY,)


@pytest.mark.parametrize("kind", [TableError, CallError, GuardRefused, PartError])
def test_every_error_is_ours(kind: type[Exception]) -> None:
    """One ``except`` catches whatever Understudy raises on purpose."""
    assert issubclass(kind, UnderstudyError)


def test_wrong_calls_are_no_refusals() -> None:
    """A wrong call and a refusal have different exit codes, so neither is the other."""
    assert issubclass(TableError, CallError)
    assert not issubclass(GuardRefused, CallError)
    assert not issubclass(CallError, GuardRefused)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("one\ntwo"), "one"),
        (ValueError(), "ValueError"),
        (ValueError("x" * 300), "x" * 200),
        (ValueError("cannot load:\n\tno key 'a'\n\tno key 'b'"), "cannot load: no key 'a'"),
        (ValueError("failed (\n  [\n  too long)\nat 3"), "failed ( [ too long)"),
        (ValueError("cannot load:"), "cannot load:"),
    ],
)
def test_first_line_is_short_and_never_empty(error: Exception, line: str) -> None:
    """Messages quote one short line of another library's error, or its class."""
    assert first_line(error) == line

"""The README names everything that users rely on."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import get_args

import click
import pytest

from guards.events.events import EVENTS
from guards.evidence.pair import Missed
from guards.findings import Code
from service.cli.group import understudy
from service.http.errors import STATUS
from service.settings import Settings
from tests.repository import ROOT, repository_files

README = (ROOT / "README.md").read_text(encoding="utf-8")

FINDINGS = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")


def test_the_glossary_defines_every_word_once() -> None:
    """Two meanings of one word would leave the reader to choose."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in glossary.splitlines() if line.startswith("|")]
    words = Counter(word.strip() for cell in cells for word in cell.split(","))
    assert {"verdict", "ripe", "stratum"} <= set(words)
    assert {word for word, times in words.items() if times > 1} == {"word", "---"}


@pytest.mark.parametrize("command", understudy.list_commands(click.Context(understudy)))
def test_every_command_is_documented(command: str) -> None:
    """A command that exists is in the README."""
    assert f"understudy {command}" in README


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    """A setting that is read is in the README's table."""
    assert f"`{name.upper()}`" in README


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_event_is_documented(event: str) -> None:
    """An event that is emitted is in the README's table."""
    assert f"`{event}`" in README


@pytest.mark.parametrize("code", sorted({code for _, code in STATUS.values()} | {*Missed}))
def test_every_error_and_reason_is_documented(code: str) -> None:
    """A stable code of an error, or of a missed document, is in the README."""
    assert f"`{code}`" in README


def test_every_finding_has_its_row() -> None:
    """The tables of findings list every code with meaning and remedy, and no other."""
    rows = [line.strip("| ").split(" | ") for line in FINDINGS.splitlines() if "| `" in line]

    assert all(len(row) == 3 and all(map(str.strip, row)) for row in rows)
    assert [row[0].strip("`") for row in rows] == sorted({*get_args(Code)}, key=_place)


def _place(code: str) -> int:
    """Return where a code stands in the tables; one that does not is told by the comparison."""
    return FINDINGS.find(f"| `{code}`")


def test_every_finding_is_provoked() -> None:
    """A code that no test provokes may have stopped to exist."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in repository_files("tests/*.py"))

    assert not {code for code in get_args(Code) if f'"{code}"' not in tests}

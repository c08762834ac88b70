"""The README names everything that users rely on."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import click
import pytest

from service.cli.main import understudy
from service.http.errors import STATUS
from service.settings import Settings
from service.shadow.comparison import Missed
from service.telemetry.events import Event

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")

ROOMS = ("artifacts", "guards", "service")

LATER_EVENTS = {"drift.alarm", "drift.cleared", "verdict.changed", "roles.changed"}
"""Events whose names are taken and that nothing emits yet."""


def _finding_codes() -> set[str]:
    """Collect the first argument, or ``code``, of everything that makes a finding."""
    codes = set()
    for path in (file for room in ROOMS for file in (REPOSITORY / room).glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                first = [*named, *node.args][:1]
                if node.func.id == "Finding" and first and isinstance(first[0], ast.Constant):
                    codes.add(str(first[0].value))
    return codes


@pytest.mark.parametrize("command", understudy.list_commands(click.Context(understudy)))
def test_every_command_is_documented(command: str) -> None:
    """A command that exists is in the README."""
    assert f"understudy {command}" in README


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    """A setting that is read is in the README's table."""
    assert f"`{name.upper()}`" in README


@pytest.mark.parametrize("event", sorted({*Event} - LATER_EVENTS))
def test_every_event_is_documented(event: str) -> None:
    """An event that is emitted is in the README's table."""
    assert f"`{event}`" in README


@pytest.mark.parametrize("code", sorted({code for _, code in STATUS.values()} | {*Missed}))
def test_every_error_and_reason_is_documented(code: str) -> None:
    """A stable code of an error, or of a missed document, is in the README."""
    assert f"`{code}`" in README


def test_every_finding_is_documented() -> None:
    """A finding's code is in the README's table."""
    codes = _finding_codes()
    assert len(codes) > 5
    assert not {code for code in codes if f"`{code}`" not in README}

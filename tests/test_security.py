"""SECURITY.md promises what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import get_args

import click
import pytest

from guards.findings import Code
from service.cli.group import understudy
from service.http.access import SCOPES
from service.settings import Settings
from tests.repository import ROOT

SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
DEFAULTS = {field.name.upper(): field.default for field in fields(Settings)}
LIMITS = {
    name: limit
    for limit, name in re.findall(r"^\| [^|]+ \| ([\d.]+) \| `(\w+)` \|$", SECURITY, re.MULTILINE)
}
"""Defaults in the table of limits, by setting."""


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_page_is_found(page: str) -> None:
    """Whoever reads how to use or change the project is led to it."""
    assert "](SECURITY.md)" in (ROOT / page).read_text(encoding="utf-8")


def test_every_setting_that_is_named_exists() -> None:
    """Nobody sets what is not read."""
    named = set(re.findall(r"`(?:UNDERSTUDY_)?([A-Z][A-Z_]+)`", SECURITY))

    assert named - {"BENTOML_HOME", "PYTHONPATH", "TMPDIR"} <= set(DEFAULTS)
    assert {"API_KEYS_FILE", "CAPTURE", "LOG_FILE", "PIN", "SIGNATURE_KEYS", "TRUST"} <= named


def test_every_limit_is_that_of_the_settings() -> None:
    """The table has the defaults, and no limit of a request is left out."""
    assert {name: str(DEFAULTS[name]) for name in LIMITS} == LIMITS
    assert {name for name in DEFAULTS if name.startswith("MAX_")} <= set(LIMITS)


def test_every_code_that_is_named_exists() -> None:
    """A refusal that is promised can be looked up."""
    named = set(re.findall(r"\(`([a-z]+(?:_[a-z]+)+)`\)", SECURITY))

    assert named
    assert named <= set(get_args(Code))


def test_every_scope_is_named() -> None:
    """What a key may open is said."""
    assert all(f"`{scope}`" in SECURITY for scope in SCOPES)


def test_every_option_and_command_that_is_named_exists() -> None:
    """Examples can be typed."""
    context = click.Context(understudy)
    commands = {
        name: understudy.get_command(context, name) for name in understudy.list_commands(context)
    }
    options = {
        option
        for command in commands.values()
        if command
        for parameter in command.params
        for option in parameter.opts
    }

    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", SECURITY))
    assert named
    assert named <= options
    assert set(re.findall(r"understudy ([a-z-]+)", SECURITY)) <= set(commands)


def test_every_page_that_is_linked_exists() -> None:
    """Links lead somewhere."""
    assert all((ROOT / path).is_file() for path in re.findall(r"\]\(([^)]+)\)", SECURITY))

"""Names of events are spelled in ``guards.events`` alone."""

from __future__ import annotations

import ast

from guards.events.events import EVENTS
from tests.repository import ROOT, repository_files

PACKAGES = ("artifacts", "guards", "service")


def test_no_other_module_spells_the_name_of_an_event() -> None:
    """Code that reads or writes a line uses the type of its event."""
    modules = [
        path.relative_to(ROOT)
        for path in repository_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES
    ]
    others = [path for path in modules if path.parts[:2] != ("guards", "events")]
    assert 50 < len(others) < len(modules)
    spelled = [
        f"{path}:{node.lineno}: {node.value}"
        for path in others
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in EVENTS
    ]
    assert spelled == []


def test_every_event_is_listed_under_its_name() -> None:
    """A line is read by the type that wrote it."""
    assert all(event.name == name for name, event in EVENTS.items())

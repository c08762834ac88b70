"""The catalogue of findings, the page made from it, and the remedies in the source."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from guards.findings import CATALOGUE, Code
from guards.findings_page import render

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for room in ("guards", "artifacts", "service") for path in ROOT.glob(f"{room}/**/*.py")
]


def test_catalogue_has_every_code() -> None:
    """Each code has one entry, in the order in which they are declared."""
    assert list(CATALOGUE) == list(get_args(Code))


def test_page_is_rendered_from_the_catalogue() -> None:
    """The page in the repository is what ``python -m guards.findings_page`` prints."""
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == render()


def test_each_cause_has_its_own_remedy() -> None:
    """No remedy is written twice, in the catalogue or where a finding is made."""
    usual = [entry.remedy for entry in CATALOGUE.values()]
    special = [text for path in SOURCES for text in _remedies(path)]
    assert len(special) > 10

    assert [text for text, times in Counter([*usual, *special]).items() if times > 1] == []


def _remedies(path: Path) -> Iterator[str]:
    """Yield each remedy that a file spells out; a name that is used twice counts once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    arguments = [
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for argument in _given(node)
    ]
    names = {argument.id for argument in arguments if isinstance(argument, ast.Name)}
    assigned = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id in names for target in node.targets)
    ]
    for node in (*arguments, *assigned):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )


def _given(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call gives as a remedy: by name, or as the last argument of a finding."""
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "remedy")
    if isinstance(call.func, ast.Name) and call.func.id == "Finding":
        yield from call.args[4:]

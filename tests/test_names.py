"""What the source calls things, and how large its classes are."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.repository import syntax_trees

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CLASS_LINES = 120
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def _nodes(containing: str, under: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield every node of the files that contain something, with the path of its file."""
    for path, tree in syntax_trees(f"{under}*.py", containing=containing).items():
        for node in ast.walk(tree):
            yield path, node


def _place(path: str, node: ast.AST) -> str:
    """Return ``file:line``."""
    return f"{path}:{getattr(node, 'lineno', 1)}"


def _name(node: ast.AST) -> str | None:
    """Return the name that a node makes or uses, where it has one."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.Name(id=name) | ast.arg(arg=name) | ast.keyword(arg=name):
            return name
        case ast.Attribute(attr=name, ctx=ast.Store()) | ast.alias(asname=name):
            return name
    return None


def test_a_maximum_is_called_max() -> None:
    """No name has ``most_`` for what names elsewhere have ``max_`` for."""
    maximum = re.compile(r"(^|_)most_", re.IGNORECASE)
    names = ((path, node, _name(node)) for path, node in _nodes("(?i)most_"))
    found = ((path, node, name) for path, node, name in names if name and maximum.search(name))

    assert [f"{_place(path, node)} {name}" for path, node, name in found] == []


def test_no_docstring_opens_with_give() -> None:
    """Functions return, and commands print."""
    docstrings = (
        (_place(path, node), ast.get_docstring(node) or "")
        for path, node in _nodes("Give")
        if isinstance(node, DOCUMENTED)
    )

    assert [place for place, text in docstrings if re.match(r"Gives?\b", text)] == []


def test_tests_are_named_for_the_fault() -> None:
    """No test is named for the row of a table."""
    functions = [
        (_place(path, node), node.name)
        for path, node in _nodes("test_row_", "tests/")
        if isinstance(node, FUNCTIONS)
    ]

    assert [f"{place} {name}" for place, name in functions if name.startswith("test_row_")] == []


def test_no_class_of_the_service_is_long() -> None:
    """A class of the service fits on two screens."""
    long = [
        f"{_place(path, node)} {node.name}: {lines} lines"
        for path, node in _nodes("class ", "service/")
        if isinstance(node, ast.ClassDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_CLASS_LINES
    ]

    assert long == []


def test_diagnostics_have_one_logger() -> None:
    """Modules log under the name whose level and handler BentoML sets."""
    loggers = [
        (path, ast.unparse(node.value))
        for path, tree in syntax_trees("*.py", containing="getLogger").items()
        for node in tree.body
        if isinstance(node, ast.Assign) and "getLogger" in ast.unparse(node.value)
    ]

    assert {logger for _, logger in loggers} == {"logging.getLogger('bentoml.understudy')"}, loggers

"""No call of the library may run code that comes with a model."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.repository import ROOT, repository_files

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKS = frozenset({"from_config", "from_pretrained", "pipeline"})
"""Calls of transformers that take ``trust_remote_code``, and ask on the terminal without it."""

RUNS_CODE = frozenset(
    {"custom_object_save", "get_class_from_dynamic_module", "resolve_trust_remote_code", "hub.load"}
)


def _calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield every call of a name or attribute outside the tests, with its place."""
    for path in repository_files("*.py"):
        name = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and not name.startswith("tests/"):
                called = ast.unparse(node.func)
                yield f"{name}:{node.lineno}", called, node


def _is_refused(call: ast.Call, option: str, *, value: bool) -> bool:
    values = {one.arg: one.value for one in call.keywords}
    given = values.get(option)
    return isinstance(given, ast.Constant) and given.value is value


def test_every_call_refuses_code_of_a_model() -> None:
    """Each call that could run a model's own code says ``trust_remote_code=False``."""
    calls = [(place, call) for place, name, call in _calls() if name.rpartition(".")[2] in ASKS]

    assert len(calls) >= 8
    assert [p for p, call in calls if not _is_refused(call, "trust_remote_code", value=False)] == []


def test_no_weights_are_unpickled_freely() -> None:
    """Weights that torch reads hold numbers alone, and what runs code of a model is not called."""
    calls = list(_calls())
    loading = [(place, call) for place, name, call in calls if name == "torch.load"]

    assert loading
    assert [p for p, call in loading if not _is_refused(call, "weights_only", value=True)] == []
    assert [p for p, name, _ in calls if name.rpartition(".")[2] in RUNS_CODE] == []

"""No call of the library may run code that comes with a model."""

from __future__ import annotations

import ast

import pytest

from tests.repository import syntax_trees

ASKS = frozenset({"from_config", "from_pretrained", "pipeline"})
"""Calls of transformers that take ``trust_remote_code``, and ask on the terminal without it."""

RUNS_CODE = frozenset(
    {"custom_object_save", "get_class_from_dynamic_module", "resolve_trust_remote_code", "hub.load"}
)

CALLED = "|".join([*ASKS, *RUNS_CODE, "torch.load"])


@pytest.fixture(scope="module")
def calls() -> list[tuple[str, str, ast.Call]]:
    """Return every call outside the tests in a file that names one of these, with its place."""
    return [
        (f"{path}:{node.lineno}", ast.unparse(node.func), node)
        for path, tree in syntax_trees("*.py", ":!tests", containing=CALLED).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def _is_refused(call: ast.Call, option: str, *, value: bool) -> bool:
    values = {one.arg: one.value for one in call.keywords}
    given = values.get(option)
    return isinstance(given, ast.Constant) and given.value is value


def test_every_call_refuses_code_of_a_model(calls: list[tuple[str, str, ast.Call]]) -> None:
    """Each call that could run a model's own code says ``trust_remote_code=False``."""
    asks = [(place, call) for place, name, call in calls if name.rpartition(".")[2] in ASKS]

    assert len(asks) >= 8
    assert [p for p, call in asks if not _is_refused(call, "trust_remote_code", value=False)] == []


def test_no_weights_are_unpickled_freely(calls: list[tuple[str, str, ast.Call]]) -> None:
    """Weights that torch reads hold numbers alone, and what runs code of a model is not called."""
    loading = [(place, call) for place, name, call in calls if name == "torch.load"]

    assert loading
    assert [p for p, call in loading if not _is_refused(call, "weights_only", value=True)] == []
    assert [p for p, name, _ in calls if name.rpartition(".")[2] in RUNS_CODE] == []

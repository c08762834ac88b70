"""JSON that is answered to requests."""

from __future__ import annotations

import json
import re

import pytest

from service.http.responses import JSONResponse
from tests.repository import ROOT, repository_files

EVIL = "ev\x1b[2J\x7f\x85\x9b31m\u2028\u202eil\U000e0041\ud800"


@pytest.mark.parametrize("content", [{EVIL: 1}, {"label": EVIL}, [EVIL], EVIL])
def test_an_answer_is_safe_on_a_terminal(content: object) -> None:
    """Nothing in it acts upon a terminal or ends the line, and it is read as it was meant."""
    body = JSONResponse(content).body

    assert bytes(body).decode().isprintable()
    assert json.loads(bytes(body)) == content


def test_every_answer_is_of_this_kind() -> None:
    """The framework's own JSON has names as they are."""
    others = [
        str(path.relative_to(ROOT))
        for path in repository_files("service/*.py")
        if re.search(r"from starlette.*import.*JSONResponse", path.read_text(encoding="utf-8"))
    ]

    assert others == []


def test_ordinary_text_is_answered_as_utf_8() -> None:
    """Letters of other scripts are not escaped, and JSON stays compact."""
    assert (
        JSONResponse({"label": "\u5951\u7d04", "n": 1}).body
        == '{"label":"\u5951\u7d04","n":1}'.encode()
    )

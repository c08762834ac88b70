"""The page as its script renders a status, without a browser; needs Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.dashboard import page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.json_types import JsonObject

__all__ = ["NEEDS_NODE", "Rendered", "rendered"]

NEEDS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")

_RENDER = Path(__file__).with_name("render.js")
_SCRIPT = page().decode().split("<script>")[1].split("</script>", maxsplit=1)[0]


@dataclass(frozen=True)
class Rendered:
    """The page's title, and its elements in order with tag, class and text."""

    title: str
    elements: Sequence[Mapping[str, str]]

    def texts(self, kind: str) -> list[str]:
        """Return the texts of the elements that have this class or tag."""
        return [
            each["text"] for each in self.elements if kind in [each["tag"], *each["class"].split()]
        ]


def rendered(status: JsonObject) -> Rendered:
    """Run the page's script over a status."""
    told = json.dumps({"script": _SCRIPT, "status": status})
    run = subprocess.run(["node", _RENDER], input=told, capture_output=True, check=True, text=True)
    return Rendered(**json.loads(run.stdout))

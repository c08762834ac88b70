"""The files to deploy with, and what several tests read of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from service.cli.serve import serve
from service.supervision import BEYOND_STOP_S
from tests.repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEPLOY", "KUBERNETES", "PAGE", "SUPERVISOR_S", "blocks", "serve_options"]

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")

SUPERVISOR_S = BEYOND_STOP_S + 5
"""Seconds beyond ``STOP_S`` in which a supervisor has killed a worker that hangs, and ended."""


def blocks(language: str) -> list[str]:
    """Return what the page shows in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def serve_options(command: Sequence[str]) -> dict[str, Any]:
    """Return the options of a command that serves, by name, its defaults among them."""
    assert list(command[:2]) == ["understudy", "serve"]
    return serve.make_context("serve", list(command[2:])).params

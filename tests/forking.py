"""One process that the challengers of all tests are forked from."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from service.shadow.local.fork_server import ForkServer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["fork_from_its_own", "one_fork_server"]

fork_from_its_own = ForkServer.fork
"""What ``ForkServer.fork`` does outside of tests: each server has a process of its own."""


@contextmanager
def one_fork_server() -> Iterator[None]:
    """Let all servers share a process: each would import torch again."""
    shared = ForkServer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForkServer, "fork", lambda _: fork_from_its_own(shared))
        yield
    shared.close()

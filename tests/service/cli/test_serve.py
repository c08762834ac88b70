"""``understudy serve``: its options are the settings of every process that it starts."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from service.settings import read_settings
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path


def test_trusted_classes_are_handed_on(champion: Path) -> None:
    """What is given with --trust is what the guard of every role will trust."""
    options = ("--champion", str(champion), "--trust", "a.B", "--trust", "c.d.E")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert exit_code("serve", *options, "--port", listening.getsockname()[1]) == 2

    settings = read_settings()
    for role in ("champion", "challenger"):
        assert settings.requirements(role).trusted == ("a.B", "c.d.E")

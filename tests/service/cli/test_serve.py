"""``understudy serve``: its options are the settings of every process that it starts."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from service.cli import main
from service.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Leave the environment as it was: ``serve`` hands its options on through it."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_trusted_classes_are_handed_on(champion: Path) -> None:
    """What is given with --trust is what the guard of every role will trust."""
    options = ("--champion", str(champion), "--trust", "a.B", "--trust", "c.d.E")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit) as caught:
            main(["serve", *options, "--port", str(taken.getsockname()[1])])

    assert caught.value.code == 2
    settings = read_settings()
    for role in ("champion", "challenger"):
        assert settings.demands(role).trusted == ("a.B", "c.d.E")

"""The table of servers to measure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from load_tests import peers
from load_tests.contenders import OWN, PEERS

if TYPE_CHECKING:
    from load_tests.servers import Contender

SLOTS = {"{port}", "{model}", "{bundle}", "{scratch}", "{peers}", "{root}"}


@pytest.mark.parametrize("contender", [*OWN, *PEERS], ids=lambda contender: contender.name)
def test_a_contender_has_its_files_and_only_known_slots(contender: Contender) -> None:
    """What a peer requires is listed, and it listens on the port that it is given."""
    texts = [contender.command, contender.directory, *contender.variables.values()]
    if contender.requirements is not None:
        assert (Path(peers.__path__[0]) / f"{contender.requirements}.txt").is_file()

    slots = set(re.findall(r"\{\w*\}", " ".join(texts)))

    assert "{port}" in slots
    assert slots <= SLOTS
    assert isinstance(contender.content("a text"), dict)


def test_names_are_distinct() -> None:
    """Results are kept by name."""
    names = [contender.name for contender in (*OWN, *PEERS)]

    assert len(set(names)) == len(names)

"""Challengers as they were judged."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from guards.bundle.identity import BundleIdentity
from guards.bundle.sealed_files import read_sealed
from guards.errors import Finding
from service.lifecycle import challengers
from service.lifecycle.challengers import configured_challengers
from service.lifecycle.judging import Judgement
from service.settings import Settings
from service.shadow.interface import ChallengerState
from service.shadow.local.challenger import LocalChallenger
from service.shadow.local.fork_server import ForkServer
from service.shadow.refused import RefusedChallenger

if TYPE_CHECKING:
    import pytest

    from service.shadow.local.handshake import WorkerConfig

FINDING = Finding("manifest_invalid", "manifest.json", "a manifest", "brackets")


def test_names_are_those_of_the_judgement() -> None:
    """Bundles of one name are told apart; a refused one has the names of its path."""
    passed = Judgement("x", identity=BundleIdentity("docs", "1", "sha256:ab"))
    refused = Judgement("some/where/2", (FINDING,))

    configured = configured_challengers([passed, refused, passed])

    assert [str(one.id) for one in configured] == ["docs/1", "where/2", "docs/1#2"]
    assert [one.variant("torch").fingerprint for one in configured] == [
        "sha256:ab",
        None,
        "sha256:ab",
    ]


def test_no_file_is_read(champion: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not here, where the event loop would wait: the guard has read what there is to read."""
    manifest = read_sealed(champion).manifest

    def read(path: Path) -> None:
        raise AssertionError(path)

    for name in ("open", "read_bytes", "read_text"):
        monkeypatch.setattr(Path, name, read)
    identity = BundleIdentity("docs", "1", "sha256:ab")
    judgements = [Judgement("x", identity=identity), Judgement("y", (FINDING,))]

    local, refused = (
        one.make(Settings(), manifest, ForkServer()) for one in configured_challengers(judgements)
    )

    assert isinstance(local, LocalChallenger)
    assert isinstance(refused, RefusedChallenger)
    assert refused.status().state == ChallengerState.REFUSED
    assert refused.status().pid is None
    asyncio.run(refused.drain(60.0))


def test_its_process_loads_only_what_was_judged(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies at its path by then: the root that passed, and the graphs that were bound."""
    made: list[WorkerConfig] = []
    monkeypatch.setattr(challengers, "LocalChallenger", lambda *given: made.append(given[1]))
    judgement = Judgement(
        "x", identity=BundleIdentity("docs", "1", "sha256:ab"), bound=("onnx-int8",)
    )

    for configured in configured_challengers([judgement]):
        configured.make(Settings(), read_sealed(champion).manifest, ForkServer())

    (config,) = made
    assert config.requirements.judged == "sha256:ab"
    assert config.requirements.bound == ("onnx-int8",)

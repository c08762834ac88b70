"""The memory limit beside what loading the bundles is reckoned to take, before any is loaded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest

from guards.errors import CallError
from service.lifecycle import preflight
from service.lifecycle.memory import available_memory_bytes, check_memory
from service.lifecycle.preflight import check_bundles
from service.settings import Settings
from tests.cgroups import V2, lay_out

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024**2
MOUNT = V2.format(top="/", directory="/sys/fs/cgroup")


def bundle(path: Path, weights_mib: int, graph_mib: int = 0) -> str:
    """Make a directory with files of these sizes, in which there is nothing."""
    sizes = {"model/model.safetensors": weights_mib, "engines/onnx-int8/model.onnx": graph_mib}
    for name, size_mib in sizes.items():
        file = path / name
        file.parent.mkdir(parents=True)
        file.touch()
        os.truncate(file, size_mib * MIB)
    return str(path)


@pytest.mark.parametrize(
    ("written", "limit_bytes"), [("1048576", MIB), ("max", None), ("9223372036854771712", None)]
)
def test_the_limit(tmp_path: Path, written: str, limit_bytes: int | None) -> None:
    """It is that of the control group, or what the machine has where that is less."""
    files = {"/sys/fs/cgroup/memory.max": f"{written}\n"}

    root = lay_out(tmp_path, ["0::/"], [MOUNT], files)

    assert available_memory_bytes(root) == (limit_bytes or psutil.virtual_memory().total)


def test_small_bundles_need_little_more_than_the_libraries(
    champion: Path, challenger: Path
) -> None:
    """The reckoning for the champion alone, and with a challenger."""
    alone = Settings(champion=str(champion))
    both = Settings(champion=str(champion), challengers=(str(challenger),))

    assert check_memory(alone, 700 * MIB) is None
    warning = check_memory(both, 700 * MIB)
    assert warning is not None
    assert warning.startswith("loading the champion and 1 challenger may take 1,1")
    assert "the memory limit, 700 MiB: raise the limit, or serve fewer" in warning
    assert check_memory(both, 1200 * MIB) is None


def test_weights_and_graphs_count_three_times(tmp_path: Path) -> None:
    """For each role that loads them, also where two load the same bundle."""
    path = bundle(tmp_path / "a", 100, 20)

    alone = check_memory(Settings(champion=path), 650 * MIB)
    twice = check_memory(Settings(champion=path, challengers=(path, path)), 650 * MIB)

    assert alone is not None
    assert alone.startswith("loading the champion may take 1,010 MiB, expected at most")
    assert twice is not None
    assert twice.startswith("loading the champion and 2 challengers may take 2,480 MiB, ")


def test_weights_above_the_limit_are_refused(tmp_path: Path) -> None:
    """Nothing could load them; the message says what was found, what there is and what to do."""
    path = bundle(tmp_path / "a", 300)
    settings = Settings(champion=path, challengers=(path,))

    with pytest.raises(CallError) as error:
        check_memory(settings, 599 * MIB)

    assert str(error.value) == (
        "the weights of the champion and 1 challenger alone are 600 MiB, expected at most the "
        "memory limit, 599 MiB: raise the limit, or serve smaller bundles"
    )
    assert check_memory(settings, 600 * MIB) is not None


def test_an_optional_challenger_refuses_nothing(tmp_path: Path) -> None:
    """The service can do without it, and warns."""
    path = bundle(tmp_path / "a", 300)
    settings = Settings(champion=path, challengers=(path,), challenger_optional=True)

    assert check_memory(settings, 300 * MIB) is not None
    with pytest.raises(CallError, match="the weights of the champion alone are 300 MiB"):
        check_memory(settings, 299 * MIB)


def test_the_guard_speaks_of_what_it_will_refuse(tmp_path: Path) -> None:
    """A bundle that is not there, one that is too large for the guard, and what is no file."""
    huge = bundle(tmp_path / "huge", 5000)
    linked = tmp_path / "linked" / "model"
    linked.mkdir(parents=True)
    (linked / "model.safetensors").symlink_to(tmp_path / "huge/model/model.safetensors")

    for path in (huge, str(tmp_path / "linked"), str(tmp_path / "missing")):
        assert check_memory(Settings(champion=path), 650 * MIB) is None


def test_a_start_warns_and_goes_on(
    champion: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, before the bundles are judged."""
    monkeypatch.setattr(preflight, "available_memory_bytes", lambda: 256 * MIB)
    monkeypatch.setattr(preflight, "hand_over", lambda _judgements: None)

    assert check_bundles(Settings(champion=str(champion))) == 0

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("understudy: loading the champion may take 6")
    assert "the memory limit, 256 MiB" in line


def test_a_start_without_the_memory_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is raised before a bundle is judged: this one has no manifest."""
    monkeypatch.setattr(preflight, "available_memory_bytes", lambda: 256 * MIB)

    with pytest.raises(CallError, match="raise the limit, or serve smaller bundles"):
        check_bundles(Settings(champion=bundle(tmp_path / "a", 300)))

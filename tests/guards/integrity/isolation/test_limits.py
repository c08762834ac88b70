"""What a bundle may cost, from the sizes of its files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from guards.errors import GuardRefused
from guards.integrity.isolation.limits import Allowance, Limits, limits_of

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1024**3
EMPTY = Limits(GIB, 8.0)


def sparse(path: Path, size_bytes: int) -> None:
    """Make a file of that size which takes no space."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.truncate(path, size_bytes)


def test_larger_files_may_cost_more(tmp_path: Path) -> None:
    """Weights and graphs four times their size, JSON far more, anything else in between."""
    assert limits_of(tmp_path) == EMPTY

    sparse(tmp_path / "model" / "model.safetensors", GIB // 4)
    assert limits_of(tmp_path) == Limits(2 * GIB, 8.0 + 15.0)

    sparse(tmp_path / "engines" / "onnx-int8" / "model.onnx", GIB // 4)
    assert limits_of(tmp_path) == Limits(3 * GIB, 8.0 + 30.0)

    sparse(tmp_path / "preprocessing" / "columns.joblib", GIB // 8)
    assert limits_of(tmp_path) == Limits(5 * GIB, 8.0 + 60.0)

    sparse(tmp_path / "preprocessing" / "tokenizer.json", GIB // 64)
    assert limits_of(tmp_path) == Limits(7 * GIB, 8.0 + 69.375)


def test_seconds_are_what_the_operator_allows(tmp_path: Path) -> None:
    """A slow machine is given more, at any size."""
    assert limits_of(tmp_path, Allowance(seconds=30.0)) == Limits(GIB, 30.0)


@pytest.mark.parametrize("part", ["model/model.safetensors", "manifest.json", "a/b", "probes.npz"])
def test_a_sparse_file_is_refused_unread(tmp_path: Path, part: str) -> None:
    """400 GB that take no space, whatever the part, and what to set where they are meant."""
    sparse(tmp_path / part, 400 * 10**9)

    with pytest.raises(GuardRefused) as refusal:
        limits_of(tmp_path)

    (finding,) = refusal.value.findings
    assert (finding.code, finding.subject) == ("bundle_too_costly", str(tmp_path))
    assert "400000000000 bytes" in finding.observed
    assert "UNDERSTUDY_GUARD_MEMORY_BYTES" in finding.remedy


def test_deriving_graphs_again_may_cost_more() -> None:
    """An exporter copies the weights a few times, and writes them to files."""
    assert Limits(GIB, 8.0).deep() == Limits(4 * GIB, 4 * 8.0 + 240.0, 4 * GIB)


def test_the_allowance_decides(tmp_path: Path) -> None:
    """A bundle that passes one allowance may be too large for another."""
    sparse(tmp_path / "model" / "model.safetensors", GIB)

    assert limits_of(tmp_path, Allowance(memory_bytes=5 * GIB)).memory_bytes == 5 * GIB
    with pytest.raises(GuardRefused, match=r"5\.0 GiB"):
        limits_of(tmp_path, Allowance(memory_bytes=5 * GIB - 1))


def test_what_cannot_be_listed_is_for_the_reader_to_say(tmp_path: Path) -> None:
    """Nothing, a file, and a link that leads nowhere have the limits of an empty bundle."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")

    for name in ("nothing", "file", "link"):
        assert limits_of(tmp_path / name) == EMPTY


def test_a_link_below_a_bundle_does_not_count(tmp_path: Path) -> None:
    """Its target is not read, so its size says nothing."""
    sparse(tmp_path / "elsewhere", 400 * 10**9)
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "part").symlink_to(tmp_path / "elsewhere")

    assert limits_of(bundle) == EMPTY


def test_limits_pass_through_json() -> None:
    """They are what a process is given."""
    assert Limits.from_json(Limits(5, 2.5).to_json()) == Limits(5, 2.5)

"""Damaged bundles are drawn, the same ones for the same seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from guards.bundle.layout import MANIFEST
from guards.bundle.manifest import root_fingerprint
from load_tests.fuzz.drawing import draw_damaged

if TYPE_CHECKING:
    from pathlib import Path


def files_in(directory: Path) -> dict[str, bytes]:
    """Return the content of all plain files below a directory."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 10**8
    }


@pytest.mark.parametrize("number", range(6))
def test_the_same_seed_draws_the_same_bundle(
    bases: list[Path], tmp_path: Path, number: int
) -> None:
    """A failure can be looked at again: its number gives the same bytes and the same words."""
    first = draw_damaged(7, number, bases, tmp_path / "first")
    again = draw_damaged(7, number, bases, tmp_path / "again")

    assert first == again
    assert files_in(tmp_path / "first") == files_in(tmp_path / "again")


def test_another_number_draws_another_bundle(bases: list[Path], tmp_path: Path) -> None:
    """Each number damages something else, and every bundle differs from the one it was."""
    drawn = [draw_damaged(7, number, bases, tmp_path / str(number)) for number in range(30)]

    assert len({damaged.words for damaged in drawn}) > 25
    assert len({damaged.kind for damaged in drawn}) > 6


def test_what_is_damaged_is_sealed_again(bases: list[Path], tmp_path: Path) -> None:
    """Most damages come past the digests: the root fits what the manifest says now."""
    fitting = 0
    for number in range(30):
        draw_damaged(8, number, bases, tmp_path / str(number))
        path = tmp_path / str(number) / MANIFEST
        if path.is_file() and path.stat().st_size < 10**7:
            try:
                manifest = json.loads(path.read_bytes())
                fitting += manifest["fingerprint"] == root_fingerprint(manifest)
            except (ValueError, KeyError, TypeError):
                continue
    assert fitting > 20

"""A path is never looked up on the Hub, and a model that is not to be had is told in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.pretrained.location import tokenizer_directory
from guards.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path


def test_directory_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An existing directory is used, also where its name could be a hub id."""
    (tmp_path / "org" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert tokenizer_directory("org/model").samefile(tmp_path / "org" / "model")


@pytest.mark.parametrize(
    ("base", "said"),
    [
        *((name, ": no such directory") for name in ("/nope", "./nope", "../nope", "nope/")),
        *((name, ": no such directory") for name in ("a/b/c", "~/nope", "bert base")),
        ("", "is empty"),
        ("file.txt", ": a file; give the directory"),
    ],
)
def test_path_that_is_none(
    base: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be a hub id, or is a file, is no directory, and the Hub is not asked."""
    (tmp_path / "file.txt").touch()
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CallError) as error:
        tokenizer_directory(base)

    assert str(error.value).startswith(f"--base {base}{said}")


@pytest.mark.parametrize("base", ["nope", "org/nope"])
def test_hub_that_cannot_be_reached(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, a hub id that is not cached is told in one line."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(CallError, match="no such directory, and the Hugging Face Hub") as error:
        tokenizer_directory(base)

    assert "\n" not in str(error.value)

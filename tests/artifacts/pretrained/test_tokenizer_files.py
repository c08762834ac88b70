"""A tokenizer is read from whatever files there are, or what is missing is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from artifacts.pretrained.encoding import TEXTS
from artifacts.pretrained.tokenizer import read_tokenizers
from guards.errors import CallError, GuardRefused
from tests.artifacts.pretrained.tokenizers_of_each_kind import KINDS, saved

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

    from guards.json_types import JsonObject


def ids(tokenizer: Tokenizer) -> list[list[int]]:
    """Encode every text that tokenizers are tried on."""
    return [tokenizer.encode(text).ids for text in TEXTS]


@pytest.mark.parametrize(
    ("model_type", "settings"),
    [
        ("byt5", {}),
        ("canine", {}),
        ("t5", {"tokenizer_class": "ByT5Tokenizer"}),
        ("bert", {"tokenizer_class": "BertJapaneseTokenizer"}),
    ],
)
def test_tokenizer_in_python_alone(model_type: str, settings: JsonObject, tmp_path: Path) -> None:
    """A tokenizer that only Python code of the library runs is told as that."""
    directory = saved(tmp_path / "model", KINDS["words"](), model_type, **settings)
    (directory / "tokenizer.json").unlink()

    with pytest.raises(CallError, match="Tokenizer, a tokenizer that runs in Python alone"):
        read_tokenizers(directory, "--model it")


def test_tokenizer_in_python_alone_beside_a_file(tmp_path: Path) -> None:
    """A tokenizer.json counts though the class beside it runs in Python alone, with a note."""
    tokenizer = KINDS["words"]()
    directory = saved(tmp_path / "model", tokenizer, "canine", tokenizer_class="CanineTokenizer")

    _, read = read_tokenizers(directory, "--model it")

    assert ids(read.tokenizer) == ids(tokenizer)
    (note,) = read.notes
    assert "CanineTokenizer, a tokenizer that runs in Python alone" in note


@pytest.mark.parametrize(
    ("name", "content"),
    [("vocab.txt", "{"), ("config.json", '{"model_type": "ours-2"}'), ("config.json", "{}")],
)
def test_library_that_cannot_read_the_files(name: str, content: str, tmp_path: Path) -> None:
    """A tokenizer.json that can be read is enough, whatever lies beside it."""
    tokenizer = KINDS["unigram"]()
    directory = saved(tmp_path / "model", tokenizer, "bert")
    (directory / name).write_text(content)

    assert ids(read_tokenizers(directory, "--model it")[1].tokenizer) == ids(tokenizer)


@pytest.mark.parametrize("cased", [False, True])
def test_vocabulary_alone(tmp_path: Path, *, cased: bool) -> None:
    """A vocab.txt is read by the settings beside it."""
    directory = saved(tmp_path / "model", KINDS["word pieces"](), "bert", do_lower_case=not cased)
    vocabulary = json.loads((directory / "tokenizer.json").read_bytes())["model"]["vocab"]
    (directory / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)))
    (directory / "tokenizer.json").unlink()

    _, read = read_tokenizers(directory, "--base it")

    assert read.tokenizer_from == "library"
    assert (read.tokenizer.encode("The").ids == read.tokenizer.encode("the").ids) is not cased


def test_merges_alone(tmp_path: Path) -> None:
    """A vocab.json with merges.txt is read as the library does; without the latter it is none."""
    tokenizer = KINDS["bytes"]()
    directory = saved(tmp_path / "model", tokenizer, "roberta")
    model = json.loads((directory / "tokenizer.json").read_bytes())["model"]
    (directory / "tokenizer.json").unlink()
    (directory / "vocab.json").write_text(json.dumps(model["vocab"]))
    with pytest.raises(CallError, match=r"no tokenizer\.json there"):
        read_tokenizers(directory, "--base it")
    (directory / "merges.txt").write_text("\n".join(" ".join(pair) for pair in model["merges"]))

    assert ids(read_tokenizers(directory, "--base it")[1].tokenizer) == ids(tokenizer)


@pytest.mark.parametrize("name", ["spm.model", "sentencepiece.bpe.model", "spiece.model"])
def test_package_that_is_missing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A SentencePiece model needs a package, which is named, and how to get it."""
    model_type = {"spm.model": "deberta-v2", "spiece.model": "xlnet"}.get(name, "xlm-roberta")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    (tmp_path / name).write_bytes(b"\x0a\x0e")
    monkeypatch.setattr(
        "artifacts.pretrained.tokenizer_files._is_installed", lambda package: package == "protobuf"
    )

    with pytest.raises(CallError, match=rf"{name} is a SentencePiece model.*pip install sent") as e:
        read_tokenizers(tmp_path, "--base it")
    assert "tiktoken" not in str(e.value)


@pytest.mark.parametrize(
    "normalizer",
    [
        {"type": "Replace", "pattern": {"String": "a"}, "content": "b" * 10_000},
        {"type": "Replace", "pattern": {"Regex": "(a|aa)+$"}, "content": " "},
        {"type": "Prepend", "prepend": "b" * 10_000},
    ],
)
def test_a_step_that_takes_more_than_linear_time_is_refused(
    normalizer: JsonObject, tmp_path: Path
) -> None:
    """No text is encoded with it, as none would be by a bundle."""
    directory = saved(tmp_path / "model", KINDS["words"](), "bert")
    file = directory / "tokenizer.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "normalizer": normalizer}))

    with pytest.raises(GuardRefused) as refusal:
        read_tokenizers(directory, "--model here")

    assert [finding.code for finding in refusal.value.findings] == ["tokenizer_unbounded"]

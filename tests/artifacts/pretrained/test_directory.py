"""Directories that hold a part of a model, a model in another form, or none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from artifacts.pretrained.directory import check_files
from guards.errors import CallError, Finding, GuardRefused

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = ("config.json", "model.safetensors", "tokenizer.json")


def holding(directory: Path, *names: str, content: str = "{}") -> Path:
    """Return the directory with these files in it."""
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content)
    return directory


def refused(directory: Path) -> Finding:
    """Return the one finding about a directory."""
    with pytest.raises(GuardRefused) as refusal:
        check_files(directory, f"--model {directory}")
    (finding,) = refusal.value.findings
    return finding


def wrong_call(directory: Path) -> str:
    """Return the one line about a directory."""
    with pytest.raises(CallError) as error:
        check_files(directory, f"--base {directory}")
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "others",
    [(), ("config.json",), ("config.json", "tokenizer.json"), WHOLE, ("trainer_state.json",)],
)
def test_adapter(tmp_path: Path, others: tuple[str, ...]) -> None:
    """An adapter is told as such, whatever of its base is beside it, and how to merge it."""
    finding = refused(
        holding(tmp_path, "adapter_config.json", "adapter_model.safetensors", *others)
    )

    assert finding.code == "model_not_supported"
    assert "an adapter" in finding.observed
    assert "merge_and_unload" in finding.remedy
    assert ("remove adapter_config.json" in finding.remedy) is (others == WHOLE)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("model-q4.gguf", "GGUF"),
        ("model.onnx", "ONNX"),
        ("onnx/model.onnx", "ONNX"),
        ("tf_model.h5", "TensorFlow"),
        ("flax_model.msgpack", "Flax"),
    ],
)
@pytest.mark.parametrize("with_config", [False, True])
def test_model_in_another_format(
    tmp_path: Path, name: str, called: str, *, with_config: bool
) -> None:
    """Weights in another format alone are named, with what to give instead."""
    finding = refused(holding(tmp_path, name, *(["config.json"] * with_config)))

    assert finding.observed == f"weights as {called} alone"
    assert finding.remedy


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_missing_shards(tmp_path: Path, name: str) -> None:
    """Files that an index lists and that were not copied are counted, and the first is named."""
    holding(tmp_path, "config.json", "shard-1", "tokenizer.json")
    weights = {"a": "shard-1", "b": "shard-2", "c": "shard-3"}
    (tmp_path / f"{name}.index.json").write_text(json.dumps({"weight_map": weights}))

    finding = refused(tmp_path)

    assert finding.code == "model_incomplete"
    assert finding.observed == "2 of 3 files are missing, the first is 'shard-2'"


@pytest.mark.parametrize("index", ["{", "[]", "{}", '{"weight_map": []}'])
def test_index_that_cannot_be_read(tmp_path: Path, index: str) -> None:
    """An index that lists nothing is a wrong call."""
    holding(tmp_path, "config.json")
    holding(tmp_path, "model.safetensors.index.json", content=index)

    assert "model.safetensors.index.json cannot be read" in wrong_call(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_pointer_of_git_lfs(tmp_path: Path, name: str) -> None:
    """What git-lfs leaves in the place of weights is told as such."""
    holding(tmp_path, "config.json", "tokenizer.json")
    holding(tmp_path, name, content="version https://git-lfs.github.com/spec/v1\noid sha256:0\n")

    assert refused(tmp_path).code == "part_is_an_lfs_pointer"


@pytest.mark.parametrize("inside", ["checkpoint-500", "0_Transformer", "model"])
def test_model_one_level_below(tmp_path: Path, inside: str) -> None:
    """Where a directory inside holds the model, that is named."""
    holding(tmp_path, *(f"{inside}/{name}" for name in WHOLE), "modules.json")

    assert str(tmp_path / inside) in wrong_call(tmp_path)


def test_latest_of_several_checkpoints(tmp_path: Path) -> None:
    """Of the checkpoints of a run, the one of the highest number is named."""
    for step in (500, 1000, 90):
        holding(tmp_path, *(f"checkpoint-{step}/{name}" for name in WHOLE))

    assert wrong_call(tmp_path).endswith("checkpoint-1000")


@pytest.mark.parametrize(
    "name",
    [
        "model.fp16.safetensors",
        "model.pt",
        "epoch=1.ckpt",
        "consolidated.00.pth",
        "openvino_model.xml",
        "rust_model.ot",
    ],
)
def test_weights_under_a_name_that_is_not_read(tmp_path: Path, name: str) -> None:
    """Files that look like weights are named where no weights are found."""
    holding(tmp_path, "config.json", "tokenizer.json", "training_args.bin", name)

    message = wrong_call(tmp_path)

    assert f"it has no weights under a name that is read, but {name!r}; " in message
    assert "save_pretrained" in message


def test_adapter_without_its_configuration(tmp_path: Path) -> None:
    """The weights of an adapter beside the configuration of a model are told as such."""
    finding = refused(holding(tmp_path, "config.json", "adapter_model.safetensors"))

    assert finding.observed == "an adapter (adapter_model.safetensors)"
    assert "merge_and_unload" in finding.remedy


def test_nothing_to_read(tmp_path: Path) -> None:
    """A path that is nothing, a file, empty, or holds a configuration alone, is a wrong call."""
    file = holding(tmp_path, "config.json") / "config.json"

    assert "no such directory" in wrong_call(tmp_path / "nowhere")
    assert "a file" in wrong_call(file)
    assert "it has no weights" in wrong_call(tmp_path)
    file.unlink()
    assert "it has no config.json" in wrong_call(tmp_path)


def test_checkpoint_without_a_tokenizer(tmp_path: Path) -> None:
    """A checkpoint that the Trainer wrote without a tokenizer says how to save it there."""
    holding(tmp_path, "config.json", "model.safetensors", "trainer_state.json")

    assert "tokenizer.save_pretrained" in wrong_call(tmp_path)


def test_weights_in_two_forms(tmp_path: Path) -> None:
    """Of two forms of weights one is read, and a note says which."""
    holding(tmp_path, *WHOLE)
    assert check_files(tmp_path, "--model here") == []

    holding(tmp_path, "pytorch_model.bin")

    (note,) = check_files(tmp_path, "--model here")
    assert note.startswith("weights are read from model.safetensors; pytorch_model.bin")

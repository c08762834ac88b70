"""Which files the directory of a model holds, and what to do where they are no whole model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from guards.errors import CallError, Finding, GuardRefused, first_line
from guards.text import listed

if TYPE_CHECKING:
    from pathlib import Path

    from guards.findings import Code

__all__ = ["check_files", "weight_files"]

_ADAPTER = "adapter_config.json"
_MERGE = (
    "merge it into its base and save the whole model: "
    "`model.merge_and_unload().save_pretrained(…)`, and the tokenizer beside it"
)
_SINGLE = ("model.safetensors", "pytorch_model.bin")
_INDEX = ".index.json"
_LFS_POINTER = b"version https://git-lfs"

_UNREAD = (
    "*.safetensors", "*.bin", "*.pt", "*.pth", "*.ckpt", "*.ot", "*.pb", "*.xml", "*.mlmodel",
)  # fmt: skip
"""What files of weights are called that the library does not read by their names."""

_NO_WEIGHTS = frozenset({"training_args.bin", "optimizer.pt", "scheduler.pt", "scaler.pt"})

_TOKENIZERS = ("*token*", "vocab.*", "*.model", "merges.txt")
"""What the files of a tokenizer are called."""


class _Format(NamedTuple):
    pattern: str
    name: str
    remedy: str


_OTHER_FORMATS = (
    _Format("*.gguf", "GGUF", "give the model that the GGUF file was converted from"),
    _Format(
        "**/*.onnx",
        "ONNX",
        "give the model that was exported: `understudy seal` builds an engine from it",
    ),
    _Format(
        "tf_model.h5",
        "TensorFlow",
        "load it with version 4 of the transformers library and `from_tf=True`, and save it again",
    ),
    _Format(
        "flax_model.msgpack",
        "Flax",
        "load it with version 4 of the transformers library and `from_flax=True`, and save it "
        "again",
    ),
)


def check_files(directory: Path, source: str) -> list[str]:
    """Check that a whole model is in ``directory``, and return notes about what else is there.

    ``source`` is the option and its value, for messages. Raises ``CallError`` where there is no
    model, and ``GuardRefused`` where there is a part of one or one in another form.
    """
    if not directory.is_dir():
        kind = "a file" if directory.exists() else "no such directory"
        message = f"{source}: {kind}; give a directory as save_pretrained writes it"
        raise CallError(message)
    _check_adapter(directory, source)
    if not (directory / "config.json").is_file():
        raise _without_config(directory, source)
    files = weight_files(directory, source)
    _check_pointers(files, source)
    if (directory / "trainer_state.json").is_file() and not _has_tokenizer(directory):
        message = (
            f"{source}: a checkpoint without its tokenizer; save it there, too: "
            "`tokenizer.save_pretrained(…)`"
        )
        raise CallError(message)
    return _several_forms(directory)


def weight_files(directory: Path, source: str) -> list[Path]:
    """Return the files that the library would read weights from.

    Raises ``CallError`` for a malformed index, ``GuardRefused`` where files are missing.
    """
    for name in _SINGLE:
        if (directory / name).is_file():
            return [directory / name]
        index = directory / f"{name}{_INDEX}"
        if index.is_file():
            return _shards(index, source)
    raise _without_weights(directory, source)


def _check_adapter(directory: Path, source: str) -> None:
    if not (directory / _ADAPTER).is_file():
        return
    observed = f"an adapter ({_ADAPTER})"
    remedy = _MERGE
    if any((directory / name).is_file() for name in _SINGLE):
        observed += " beside a whole model"
        remedy += f"; where that has been done, remove {_ADAPTER} and adapter_model.*"
    raise _refused(source, observed, remedy)


def _without_config(directory: Path, source: str) -> CallError | GuardRefused:
    inside = sorted((path.parent for path in directory.glob("*/config.json")), key=_number)
    if inside:
        return CallError(f"{source}: no model there, but in {inside[-1]}")
    return _in_another_format(directory, source) or CallError(
        f"{source}: no model there: it has no config.json"
    )


def _number(directory: Path) -> tuple[int, str]:
    """Return what checkpoints are sorted by: the number at the end of their names."""
    number = directory.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1, directory.name


def _without_weights(directory: Path, source: str) -> CallError | GuardRefused:
    present = {path.name for pattern in _UNREAD for path in directory.glob(pattern)}
    found = sorted(present - _NO_WEIGHTS)
    if found and all(name.startswith("adapter_model.") for name in found):
        return _refused(source, f"an adapter ({found[0]})", _MERGE)
    others = ""
    if found:
        others = f" under a name that is read, but {listed(found)}; load it from there"
    message = (
        f"{source}: no model there: it has no weights{others}; save the whole model: "
        "`model.save_pretrained(…)`"
    )
    return _in_another_format(directory, source) or CallError(message)


def _in_another_format(directory: Path, source: str) -> GuardRefused | None:
    for form in _OTHER_FORMATS:
        if any(directory.glob(form.pattern)):
            return _refused(source, f"weights as {form.name} alone", form.remedy)
    return None


def _shards(index: Path, source: str) -> list[Path]:
    try:
        names = sorted(
            {str(name) for name in json.loads(index.read_bytes())["weight_map"].values()}
        )
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError) as error:
        message = f"{source}: {index.name} cannot be read: {first_line(error)}"
        raise CallError(message) from None
    missing = [name for name in names if not (index.parent / name).is_file()]
    if missing:
        observed = f"{len(missing)} of {len(names)} files are missing, the first is {missing[0]!r}"
        raise _refused(
            source,
            observed,
            f"copy every file that {index.name} lists",
            code="model_incomplete",
        )
    return [index.parent / name for name in names]


def _check_pointers(files: list[Path], source: str) -> None:
    for file in files:
        with file.open("rb") as opened:
            if opened.read(len(_LFS_POINTER)) == _LFS_POINTER:
                raise _refused(
                    source,
                    f"{file.name} is the pointer that git-lfs left in its place",
                    "run `git lfs pull` where the model was checked out",
                    code="part_is_an_lfs_pointer",
                )


def _has_tokenizer(directory: Path) -> bool:
    return any(any(directory.glob(pattern)) for pattern in _TOKENIZERS)


def _several_forms(directory: Path) -> list[str]:
    forms = [name for single in _SINGLE for name in (single, f"{single}{_INDEX}")]
    present = [name for name in forms if (directory / name).is_file()]
    if len(present) == 1:
        return []
    return [f"weights are read from {present[0]}; {', '.join(present[1:])} beside it is not read"]


def _refused(
    source: str, observed: str, remedy: str, code: Code = "model_not_supported"
) -> GuardRefused:
    expected = "the weights of a whole model, as save_pretrained writes them"
    return GuardRefused(source, [Finding(code, "model weights", expected, observed, remedy)])

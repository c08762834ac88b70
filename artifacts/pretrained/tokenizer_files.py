"""Read a tokenizer's files: ``tokenizer.json`` alone, and all of them by the library."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.auto.tokenization_auto import (
    TOKENIZER_MAPPING_NAMES,
    tokenizer_class_from_name,
)
from transformers.utils import logging

from guards.errors import CallError, GuardRefused, first_line
from guards.integrity.headers.tokenizer import check_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = ["from_file", "from_library", "settings_in", "unreadable", "why_unread"]


def from_file(directory: Path, source: str) -> Tokenizer | None:
    """Return the content of ``tokenizer.json``, None without one.

    Raises ``CallError`` where the library of tokenizers cannot read it, and ``GuardRefused`` where
    a step takes more than linear time; ``source`` is for that.
    """
    file = directory / "tokenizer.json"
    if not file.is_file():
        return None
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001 (the library raises bare exceptions)
        message = f"{source}: no tokenizer there: tokenizer.json: {first_line(error)}"
        raise CallError(message) from None
    findings = [*check_tokenizer(settings_in(file))]
    if findings:
        raise GuardRefused(source, findings)
    return tokenizer


def from_library(directory: Path) -> tuple[Any, str]:
    """Return what the library makes of the files, or None and why it fails."""
    logging.set_verbosity_error()
    try:
        library = AutoTokenizer.from_pretrained(
            str(directory), trust_remote_code=False, local_files_only=True
        )
        # Without its files, the library makes a tokenizer that knows no word.
        names = sorted({*library.vocab_files_names.values(), "tokenizer.json"})
        backend = library.backend_tokenizer
        words = backend.get_vocab_size() - len(backend.get_added_tokens_decoder())
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 (the library raises many kinds, and panics)
        return None, first_line(error)
    if words > 1 and any((directory / name).is_file() for name in names):
        return library, ""
    return None, f"{type(library).__name__} finds no words in {', '.join(names)}"


def unreadable(directory: Path, source: str, failure: str) -> CallError:
    """Return what to raise where nothing can be read; ``failure`` is what the library says."""
    model = next((file.name for file in sorted(directory.glob("*.model"))), None)
    python = _class_in_python(directory)
    missing = [package for package in ("sentencepiece", "protobuf") if not _is_installed(package)]
    without = "" if (directory / "tokenizer.json").is_file() else "no tokenizer.json there, and "
    if python is not None:
        failure = f"the library {_runs_in_python(python)}; choose a model with another one"
    elif model is not None and missing:
        # The library falls back to another format, and names a package for that.
        failure = (
            f"{model} is a SentencePiece model, for which a package is missing: `pip install "
            f"{' '.join(missing)}`, or save the tokenizer as tokenizer.json where it is installed"
        )
    elif model is None and without and not any(directory.glob("*vocab*")):
        failure = "no vocabulary either"
    elif model is not None:
        failure = f"the library cannot convert {model}: {failure}"
    message = f"{source}: no tokenizer there that the library of tokenizers can run: "
    return CallError(message + without + failure)


def _class_in_python(directory: Path) -> str | None:
    """Return the declared class of a tokenizer if the library of tokenizers cannot run it."""
    config = settings_in(directory / "config.json")
    name = (
        settings_in(directory / "tokenizer_config.json").get("tokenizer_class")
        or config.get("tokenizer_class")
        or TOKENIZER_MAPPING_NAMES.get(str(config.get("model_type")))
    )
    found = tokenizer_class_from_name(str(name))
    runs = found is None or issubclass(found, PreTrainedTokenizerFast)
    return None if runs else str(name)


def why_unread(directory: Path, failure: str) -> str:
    """Say why the library cannot run a tokenizer; ``failure`` is what it says itself."""
    python = _class_in_python(directory)
    return f"cannot read its files: {failure}" if python is None else _runs_in_python(python)


def _runs_in_python(name: str) -> str:
    return f"reads its files by {name}, a tokenizer that runs in Python alone"


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def settings_in(file: Path) -> JsonObject:
    """Return the content of a JSON file, nothing if it cannot be read as an object."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}

"""Read the tokenizer of a pretrained model; its files and the library have to agree about it.

``tokenizer.json`` holds a whole tokenizer. The library may build another one from its vocabulary,
the class and settings in ``tokenizer_config.json``, and differs in that from version to version.
Where the two differ, nothing in the files says which of them training ran.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal, Protocol

import transformers
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging

from artifacts.bundle.tokenizer import check_empty_text, untruncated
from artifacts.pretrained.encoding import TEXTS, check_encodes, notes_of_encoding, shortened
from guards.errors import CallError, Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from guards.json_types import JsonObject

__all__ = [
    "LibraryTokenizer",
    "PretrainedTokenizer",
    "TokenizerFrom",
    "check_vocabulary",
    "contradiction",
    "read_tokenizers",
]

TokenizerFrom = Literal["file", "library"]
"""``tokenizer.json`` as it is, or what the installed transformers makes of all files."""

_SETTINGS = {
    "tokenizer_class",
    "do_lower_case",
    "strip_accents",
    "tokenize_chinese_chars",
    "add_prefix_space",
}
"""What the library builds another tokenizer by than ``tokenizer.json`` holds."""

_MAX_SHOWN = 12


class LibraryTokenizer(Protocol):
    """A tokenizer of the transformers library, as far as it is used here."""

    def __call__(
        self, text: str, *, truncation: bool = ..., max_length: int | None = ...
    ) -> Mapping[str, list[int]]:
        """Return the encoding of a text, with its ``input_ids``."""


@dataclass(frozen=True, slots=True)
class PretrainedTokenizer:
    """A tokenizer that was read, without truncation.

    ``tokenizer_from`` says which reading of the files it is, and ``notes`` what there is to know.
    """

    tokenizer: Tokenizer
    tokenizer_from: TokenizerFrom
    notes: tuple[str, ...] = ()


def read_tokenizers(
    directory: Path, source: str, tokenizer_from: TokenizerFrom | None = None
) -> tuple[LibraryTokenizer, PretrainedTokenizer]:
    """Return a tokenizer of the library that encodes as training did, and the one to seal.

    They are read from ``directory``; ``source`` is the option that gave it, for messages. Without
    ``tokenizer_from``, ``tokenizer.json`` counts if there is one, and the library has to agree with
    it, unless it cannot read the files or no file names a class or setting to read them by. Raises
    ``CallError`` if there is no tokenizer, and ``GuardRefused`` if the two differ, or for a
    tokenizer that cuts texts at their beginning or cannot encode some.
    """
    saved = _from_file(directory, source)
    library, failure = _from_library(directory)
    _check_truncation_side(directory, saved, library)
    if tokenizer_from == "file" and saved is None:
        message = f"{source}: no tokenizer.json there, which --tokenizer-from file needs"
        raise CallError(message)
    if library is None and (tokenizer_from == "library" or saved is None):
        raise _unreadable(directory, source, failure)
    if saved is None or tokenizer_from == "library":
        own = Tokenizer.from_str(library.backend_tokenizer.to_str())
        read = PretrainedTokenizer(untruncated(own), "library")
    elif library is None:
        library, read = _as_saved(untruncated(saved), f"cannot read its files: {failure}")
    else:
        settled = tokenizer_from == "file"
        library, read = _compared(directory, untruncated(saved), library, settled=settled)
    check_empty_text(read.tokenizer, source)
    check_encodes(read.tokenizer, directory)
    return library, replace(read, notes=(*read.notes, *notes_of_encoding(read.tokenizer)))


def _from_file(directory: Path, source: str) -> Tokenizer | None:
    file = directory / "tokenizer.json"
    if not file.is_file():
        return None
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001 (the library raises bare exceptions)
        message = f"{source}: no tokenizer there: tokenizer.json: {first_line(error)}"
        raise CallError(message) from None


def _from_library(directory: Path) -> tuple[Any, str]:
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
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        return None, first_line(error)
    if words > 1 and any((directory / name).is_file() for name in names):
        return library, ""
    return None, f"{type(library).__name__} finds no words in {', '.join(names)}"


def _unreadable(directory: Path, source: str, failure: str) -> CallError:
    model = next((file.name for file in sorted(directory.glob("*.model"))), None)
    missing = [package for package in ("sentencepiece", "protobuf") if not _is_installed(package)]
    without = "" if (directory / "tokenizer.json").is_file() else "no tokenizer.json there, and "
    if model is not None and missing:
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


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _check_truncation_side(
    directory: Path,
    saved: Tokenizer | None,
    library: Any,  # noqa: ANN401 (any class of the library)
) -> None:
    baked = saved.truncation if saved is not None else None
    sides = [
        "right" if library is None else library.truncation_side,
        "right" if baked is None else str(baked["direction"]).lower(),
    ]
    if "left" in sides:
        raise contradiction(
            directory,
            "text cut at its end",
            "truncation_side left",
            "train with truncation_side right: service keeps the beginning of a long text",
        )


def _compared(
    directory: Path,
    saved: Tokenizer,
    library: Any,  # noqa: ANN401 (any class of the library)
    *,
    settled: bool,
) -> tuple[LibraryTokenizer, PretrainedTokenizer]:
    """Return ``tokenizer.json``; refuse it unless the library agrees or has nothing to go by."""
    differing = _first_difference(saved, library)
    if differing is None:
        return library, PretrainedTokenizer(saved, "file")
    if settled:
        return _as_saved(saved)
    if _declares_a_reading(directory):
        raise _two_readings(directory, saved, library, differing)
    reason = f"encodes {shortened(differing)} otherwise, by the class of the model alone"
    return _as_saved(saved, f"{reason}; `--tokenizer-from library` seals that")


def _as_saved(
    saved: Tokenizer, reason: str | None = None
) -> tuple[LibraryTokenizer, PretrainedTokenizer]:
    """Return ``tokenizer.json``, and a copy of it in the library's class that changes nothing."""
    note = f"tokenizer.json counts as it is; transformers {transformers.__version__} {reason}"
    notes = () if reason is None else (note,)
    library = PreTrainedTokenizerFast(tokenizer_object=saved)
    return library, PretrainedTokenizer(saved, "file", notes)


def _declares_a_reading(directory: Path) -> bool:
    """Tell whether a file says by which class or settings the tokenizer is to be read."""
    declared = {*_json(directory / "tokenizer_config.json")} & _SETTINGS
    return bool(declared or _json(directory / "config.json").get("tokenizer_class"))


def _json(file: Path) -> JsonObject:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _first_difference(saved: Tokenizer, library: LibraryTokenizer) -> str | None:
    """Return a text that the library encodes otherwise, or cannot encode."""
    for text in TEXTS:
        try:
            ours = saved.encode(text).ids
        except Exception:  # noqa: BLE001, S112 (whether all can be encoded is checked later)
            continue
        if _ids(library, text) != ours:
            return text
    return None


def _ids(library: LibraryTokenizer, text: str) -> list[int]:
    try:
        return library(text)["input_ids"]
    except Exception:  # noqa: BLE001 (the library raises many kinds)
        return []


def _two_readings(
    directory: Path, saved: Tokenizer, library: LibraryTokenizer, text: str
) -> GuardRefused:
    ours, theirs = saved.encode(text).ids, _ids(library, text)
    reader = f"{type(library).__name__} of transformers {transformers.__version__}"
    return contradiction(
        directory,
        f"tokenizer.json and tokenizer_config.json, as {reader} reads it, "
        f"that agree on {shortened(text)}",
        f"{_tokens(saved, ours)} by the one, {_tokens(saved, theirs)} by the other",
        "say which of them training ran: `--tokenizer-from file` for tokenizer.json as it is "
        "(training saved it by save_pretrained), `--tokenizer-from library` for the other "
        "(training loaded these very files with this version)",
    )


def _tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    shown = " ".join(f"{tokenizer.id_to_token(number)}" for number in ids[:_MAX_SHOWN])
    return f"{shown} …" if len(ids) > _MAX_SHOWN else shown or "nothing"


def check_vocabulary(directory: Path | str, rows: int, tokenizer: Tokenizer) -> None:
    """Raise ``GuardRefused`` if a token has no row in an embedding of so many rows."""
    largest = max(tokenizer.get_vocab().values())
    if largest >= rows:
        finding = Finding(
            code="vocabulary_mismatch",
            subject="tokenizer.json",
            expected=f"token ids below {rows}, the rows of the embedding",
            observed=f"token id {largest}",
            remedy="give the tokenizer that the model was trained with",
        )
        raise GuardRefused(str(directory), [finding])


def contradiction(directory: Path, expected: str, observed: str, remedy: str = "") -> GuardRefused:
    """Return the refusal of a tokenizer whose files contradict each other or what is served."""
    finding = Finding(
        code="tokenizer_contradicts_itself",
        subject="tokenizer",
        expected=expected,
        observed=observed,
        remedy=remedy,
    )
    return GuardRefused(str(directory), [finding])

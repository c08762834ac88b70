"""Read the tokenizer of a pretrained model; its files and the library have to agree about it.

``tokenizer.json`` holds a whole tokenizer. The library may build another one from its vocabulary,
the class and settings in ``tokenizer_config.json``, and differs in that from version to version.
Where the two differ, nothing in the files says which of them training ran.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

import transformers
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.auto.tokenization_auto import (
    TOKENIZER_MAPPING_NAMES,
    tokenizer_class_from_name,
)
from transformers.utils import logging

from artifacts.bundle.tokenizer import check_empty_text, untruncated
from artifacts.pretrained.encoding import check_encodes, notes_of_encoding
from artifacts.pretrained.readings import (
    Difference,
    LibraryTokenizer,
    contradicted_settings,
    find_difference,
    parts_that_differ,
)
from guards.errors import CallError, Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.tables import Table
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
    "added_tokens_decoder",
    "additional_special_tokens",
    "extra_special_tokens",
    "split_special_tokens",
}
"""What the library builds another tokenizer by than ``tokenizer.json`` holds."""


@dataclass(frozen=True, slots=True)
class PretrainedTokenizer:
    """A tokenizer that was read, without truncation.

    ``tokenizer_from`` says which reading of the files it is, and ``notes`` what there is to know.
    """

    tokenizer: Tokenizer
    tokenizer_from: TokenizerFrom
    notes: tuple[str, ...] = ()


def read_tokenizers(
    directory: Path,
    source: str,
    tokenizer_from: TokenizerFrom | None = None,
    table: Table | None = None,
    *,
    is_base: bool = False,
) -> tuple[LibraryTokenizer, PretrainedTokenizer]:
    """Return a tokenizer of the library that encodes as training did, and the one to seal.

    They are read from ``directory``; ``source`` is the option that gave it, for messages. Without
    ``tokenizer_from``, ``tokenizer.json`` counts if there is one, and the library has to agree with
    it on many texts, on every added token and on all rows of ``table``. It need not if it cannot
    read the files, or no file names a class or setting to read them by. The tokenizer of a base
    need not either, whose training is still to come, unless the two follow a declared setting of
    the normaliser differently. Raises ``CallError`` if there is no tokenizer, and ``GuardRefused``
    if the two differ, or for a tokenizer that cuts texts at their beginning or cannot encode some.
    """
    saved = _from_file(directory, source)
    library, failure = _from_library(directory)
    _check_truncation_side(directory, saved, library)
    if tokenizer_from == "file" and saved is None:
        message = f"{source}: no tokenizer.json there, which --tokenizer-from file needs"
        raise CallError(message)
    if library is None and (tokenizer_from == "library" or saved is None):
        raise _unreadable(directory, source, failure)
    counts: TokenizerFrom
    if saved is None or tokenizer_from == "library":
        tokenizer, counts = Tokenizer.from_str(library.backend_tokenizer.to_str()), "library"
    else:
        tokenizer, counts = saved, "file"
    notes = _without_sampling(untruncated(tokenizer), library)
    check_encodes(tokenizer, directory, table)
    check_empty_text(tokenizer, source)
    if counts == "library":
        _check_held(directory, tokenizer, library, table)
    elif library is None:
        library = _as_saved(directory, tokenizer)
        python = _class_in_python(directory)
        reason = f"cannot read its files: {failure}" if python is None else _runs_in_python(python)
        notes.append(_counts_as_it_is(reason))
    elif tokenizer_from == "file":
        library = _as_saved(directory, tokenizer)
    else:
        library, found = _compared(directory, tokenizer, library, table, is_base=is_base)
        notes += found
    notes += notes_of_encoding(tokenizer)
    return library, PretrainedTokenizer(tokenizer, counts, tuple(notes))


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
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 (the library raises many kinds, and panics)
        return None, first_line(error)
    if words > 1 and any((directory / name).is_file() for name in names):
        return library, ""
    return None, f"{type(library).__name__} finds no words in {', '.join(names)}"


def _unreadable(directory: Path, source: str, failure: str) -> CallError:
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
    config = _json(directory / "config.json")
    name = (
        _json(directory / "tokenizer_config.json").get("tokenizer_class")
        or config.get("tokenizer_class")
        or TOKENIZER_MAPPING_NAMES.get(str(config.get("model_type")))
    )
    found = tokenizer_class_from_name(str(name))
    runs = found is None or issubclass(found, PreTrainedTokenizerFast)
    return None if runs else str(name)


def _runs_in_python(name: str) -> str:
    return f"reads its files by {name}, a tokenizer that runs in Python alone"


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


def _without_sampling(
    tokenizer: Tokenizer,
    library: Any,  # noqa: ANN401 (any class of the library)
) -> list[str]:
    """Switch off, in place, what makes two encodings of one text differ; return a note of it."""
    readings = [tokenizer] if library is None else [tokenizer, library.backend_tokenizer]
    found = {
        name
        for reading in readings
        for name in ("dropout", "nbest_size", "alpha")
        if getattr(reading.model, name, None)
    }
    for reading in readings:
        for name in found & {*dir(reading.model)}:
            setattr(reading.model, name, None)
    names = " and ".join(sorted(found))
    return [f"{names} of the tokenizer is for training, and is off"] if found else []


def _check_held(
    directory: Path, tokenizer: Tokenizer, library: LibraryTokenizer, table: Table | None
) -> None:
    """Refuse what the library makes of the files if a ``tokenizer.json`` cannot hold it."""
    found = find_difference(tokenizer, library, table)
    if found is not None:
        raise contradiction(
            directory,
            f"what the library reads, as its own tokenizer.json, agrees with it on {found.text}",
            found.observed,
            "train without split_special_tokens, which a tokenizer.json does not hold",
        )


def _compared(
    directory: Path,
    saved: Tokenizer,
    library: LibraryTokenizer,
    table: Table | None,
    *,
    is_base: bool,
) -> tuple[LibraryTokenizer, list[str]]:
    """Return the reading of training and what there is to know of it; refuse what is not settled.

    ``tokenizer.json`` counts, and the library's reading is returned where the two agree.
    """
    found = find_difference(saved, library, table)
    if found is None:
        parts = " and ".join(parts_that_differ(saved, library))
        reason = f"writes its {parts} otherwise, which changes no token of the texts tried"
        notes = [_counts_as_it_is(reason)] if parts else []
        return _as_saved(directory, saved) if _marks_segments(saved) else library, notes
    settings = _json(directory / "tokenizer_config.json")
    if is_base:
        refused = bool(contradicted_settings(settings, saved, library))
    else:
        refused = _declares_a_reading(directory)
    if refused:
        raise _two_readings(directory, library, found)
    reason = f"encodes {found.text} otherwise ({found.observed})"
    note = _counts_as_it_is(f"{reason}; `--tokenizer-from library` takes that")
    return _as_saved(directory, saved), [note]


def _counts_as_it_is(reason: str) -> str:
    return f"tokenizer.json counts as it is; transformers {transformers.__version__} {reason}"


def _as_saved(directory: Path, saved: Tokenizer) -> LibraryTokenizer:
    """Return a copy of ``tokenizer.json`` in the library's class that changes nothing.

    Where it marks segments, the copy returns them, as transformers 4 does unless a file says what
    a tokenizer returns.
    """
    library: Any = PreTrainedTokenizerFast(tokenizer_object=saved)
    if _marks_segments(saved):
        declared = _json(directory / "tokenizer_config.json").get("model_input_names")
        library.model_input_names = declared or ["input_ids", "token_type_ids", "attention_mask"]
    copy: LibraryTokenizer = library
    return copy


def _marks_segments(tokenizer: Tokenizer) -> bool:
    return any(tokenizer.encode("a").type_ids)


def _declares_a_reading(directory: Path) -> bool:
    """Tell whether a file says by which class or settings the tokenizer is to be read."""
    declared = {*_json(directory / "tokenizer_config.json")} & _SETTINGS
    tokens = {
        *_json(directory / "added_tokens.json"),
        *_json(directory / "special_tokens_map.json"),
    }
    return bool(declared or tokens or _json(directory / "config.json").get("tokenizer_class"))


def _json(file: Path) -> JsonObject:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _two_readings(
    directory: Path, library: LibraryTokenizer, difference: Difference
) -> GuardRefused:
    reader = f"{type(library).__name__} of transformers {transformers.__version__}"
    return contradiction(
        directory,
        f"tokenizer.json and tokenizer_config.json, as {reader} reads it, "
        f"that agree on {difference.text}",
        difference.observed,
        "say which of them training ran: `--tokenizer-from file` for tokenizer.json as it is "
        "(training saved it by save_pretrained, or ran a fast tokenizer of transformers 4), "
        "`--tokenizer-from library` for the other "
        "(training loaded these very files with this version)",
    )


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

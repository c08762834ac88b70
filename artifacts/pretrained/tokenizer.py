"""Read the tokenizer of a pretrained model; its files and the library have to agree about it.

``tokenizer.json`` holds a whole tokenizer. The library may build another one from its vocabulary,
the class and settings in ``tokenizer_config.json``, and differs in that from version to version.
Where the two differ, nothing in the files says which of them training ran.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import transformers
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from artifacts.bundle.tokenizer import check_empty_text, untruncated
from artifacts.pretrained.encoding import check_encodes, notes_of_encoding
from artifacts.pretrained.readings import (
    Difference,
    LibraryTokenizer,
    contradicted_settings,
    find_difference,
    parts_that_differ,
)
from artifacts.pretrained.tokenizer_files import (
    from_file,
    from_library,
    settings_in,
    unreadable,
    why_unread,
)
from guards.errors import CallError, Finding, GuardRefused

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.tables import Table
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
    saved = from_file(directory, source)
    library, failure = from_library(directory)
    _check_truncation_side(directory, saved, library)
    if tokenizer_from == "file" and saved is None:
        message = f"{source}: no tokenizer.json there, which --tokenizer-from file needs"
        raise CallError(message)
    if library is None and (tokenizer_from == "library" or saved is None):
        raise unreadable(directory, source, failure)
    counts: TokenizerFrom
    if saved is None or tokenizer_from == "library":
        tokenizer, counts = Tokenizer.from_str(library.backend_tokenizer.to_str()), "library"
    else:
        tokenizer, counts = saved, "file"
    notes = _without_dropout(untruncated(tokenizer), library)
    check_encodes(tokenizer, directory, table)
    if counts == "library":
        _check_held(directory, tokenizer, library, table)
    elif library is None:
        library = _as_saved(directory, tokenizer)
        notes.append(_counts_as_it_is(why_unread(directory, failure)))
    elif tokenizer_from == "file":
        library = _as_saved(directory, tokenizer)
    else:
        library, found = _compared(directory, tokenizer, library, table, is_base=is_base)
        notes += found
    check_empty_text(tokenizer, source)
    notes += notes_of_encoding(tokenizer)
    return library, PretrainedTokenizer(tokenizer, counts, tuple(notes))


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


def _without_dropout(
    tokenizer: Tokenizer,
    library: Any,  # noqa: ANN401 (any class of the library)
) -> list[str]:
    """Switch the dropout of merges off, in place; return a note if it was on."""
    readings = [tokenizer] if library is None else [tokenizer, library.backend_tokenizer]
    dropping = [reading for reading in readings if getattr(reading.model, "dropout", None)]
    for reading in dropping:
        reading.model.dropout = None
    return ["dropout of the tokenizer is for training, and is off"] if dropping else []


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
            "a tokenizer.json does not hold split_special_tokens: train without it, and take it "
            "out of tokenizer_config.json",
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
    settings = settings_in(directory / "tokenizer_config.json")
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
        declared = settings_in(directory / "tokenizer_config.json").get("model_input_names")
        library.model_input_names = declared or ["input_ids", "token_type_ids", "attention_mask"]
    copy: LibraryTokenizer = library
    return copy


def _marks_segments(tokenizer: Tokenizer) -> bool:
    return any(tokenizer.encode("a").type_ids)


def _declares_a_reading(directory: Path) -> bool:
    """Tell whether a file says by which class or settings the tokenizer is to be read."""
    declared = {*settings_in(directory / "tokenizer_config.json")} & _SETTINGS
    tokens = {
        *settings_in(directory / "added_tokens.json"),
        *settings_in(directory / "special_tokens_map.json"),
    }
    return bool(declared or tokens or settings_in(directory / "config.json").get("tokenizer_class"))


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

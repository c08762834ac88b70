"""The tokenizer of a model that was trained elsewhere, as its files and as the library have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from artifacts.tokenizer import check_empty_text, plain
from guards.errors import CallError, Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["contradiction", "read_tokenizers"]

_SAMPLES = (
    "The Motion is DENIED.",
    "caf\u00e9 cafe\u0301 Stra\u00dfe",
    "  spaces,  numbers 12,345.67 & ... \u4f60\u597d \U0001f600",
    "",
)
"""Texts on which tokenizers differ that are set otherwise: case, accents, spaces, scripts."""


def read_tokenizers(directory: Path) -> tuple[Any, Tokenizer]:
    """Give the library's tokenizer, and the file's, which must give the same."""
    file = directory / "tokenizer.json"
    try:
        library = AutoTokenizer.from_pretrained(
            str(directory), trust_remote_code=False, local_files_only=True
        )
        effective = Tokenizer.from_str(library.backend_tokenizer.to_str())
        saved = plain(Tokenizer.from_file(str(file)) if file.is_file() else effective)
        # From no files at all the library makes a tokenizer that knows no word.
        _check_any(directory, library.vocab_files_names.values())
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        message = (
            f"--model {directory}: no tokenizer there that the library of tokenizers can run: "
            f"{first_line(error)}"
        )
        raise CallError(message) from None
    if library.truncation_side != "right":
        raise contradiction(
            directory, "text cut at its end", f"truncation_side {library.truncation_side}"
        )
    for text in _SAMPLES:
        ours, theirs = saved.encode(text).ids, library(text)["input_ids"]
        if ours != theirs:
            raise contradiction(
                directory,
                f"tokenizer.json and tokenizer_config.json that agree on {text!r}",
                f"{_tokens(saved, ours)} by the one, {_tokens(saved, theirs)} by the other",
            )
    check_empty_text(saved, f"--model {directory}")
    return library, saved


def _check_any(directory: Path, names: Iterable[str]) -> None:
    if not any((directory / name).is_file() for name in names):
        message = f"none of {', '.join(names)}"
        raise FileNotFoundError(message)


def _tokens(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
    return " ".join(f"{tokenizer.id_to_token(number)}" for number in ids) or "nothing"


def contradiction(directory: Path, expected: str, observed: str) -> GuardRefused:
    """Give the refusal of a tokenizer whose files say two things."""
    return GuardRefused(
        str(directory),
        [
            Finding(
                code="tokenizer_contradicts_itself",
                subject="tokenizer",
                expected=expected,
                observed=observed,
                remedy="make the tokenizer's files agree on what training used",
            )
        ],
    )

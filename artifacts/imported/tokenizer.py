"""Read the tokenizer of an imported model; its files and the library have to agree about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from artifacts.bundle.tokenizer import check_empty_text, untruncated
from guards.errors import CallError, Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["LibraryTokenizer", "contradiction", "read_tokenizers"]

_SAMPLES = (
    "The Motion is DENIED.",
    "caf\u00e9 cafe\u0301 Stra\u00dfe",
    "  spaces,  numbers 12,345.67 & ... \u4f60\u597d \U0001f600",
    "",
)
"""Texts that show differences in settings: case, accents, spaces, scripts."""


class LibraryTokenizer(Protocol):
    """A tokenizer of the transformers library, as far as it is used here."""

    def __call__(
        self, text: str, *, truncation: bool = ..., max_length: int | None = ...
    ) -> Mapping[str, list[int]]:
        """Return the encoding of a text, with its ``input_ids``."""


def read_tokenizers(directory: Path) -> tuple[LibraryTokenizer, Tokenizer]:
    """Return the tokenizer of the library and that of the file.

    Raises ``CallError`` if there is none, and ``GuardRefused`` if they differ.
    """
    file = directory / "tokenizer.json"
    try:
        library = AutoTokenizer.from_pretrained(
            str(directory), trust_remote_code=False, local_files_only=True
        )
        effective = Tokenizer.from_str(library.backend_tokenizer.to_str())
        saved = untruncated(Tokenizer.from_file(str(file)) if file.is_file() else effective)
        # Without any files, the library makes a tokenizer that knows no word.
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
    """Return the refusal of a tokenizer whose files contradict each other."""
    finding = Finding(
        code="tokenizer_contradicts_itself",
        subject="tokenizer",
        expected=expected,
        observed=observed,
        remedy="make the tokenizer's files agree on what training used",
    )
    return GuardRefused(str(directory), [finding])

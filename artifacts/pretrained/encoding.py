"""Refuse a tokenizer that cannot encode something, and tell of one that drops characters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from guards.errors import Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    from artifacts.tables import Table

__all__ = [
    "CHUNK",
    "TEXTS",
    "Encode",
    "check_encodes",
    "ids_by",
    "notes_of_encoding",
    "shortened",
    "texts_of",
    "token_ids",
]

_WORDS = (
    "motion",
    "caf\u00e9",
    "\u0414\u0435\u043b\u043e",  # Cyrillic
    "\u03b4\u03af\u03ba\u03b7",  # Greek
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",  # Hebrew with points
    "\u0645\u064e\u0631\u062d\u064e\u0628\u0627",  # Arabic with vowels
    "\u0928\u092e\u0938\u094d\u0924\u0947",  # Devanagari
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",  # Thai
    "\u6cd5\u9662",  # Chinese
    "\u304c\u30d1",  # kana
    "\ud55c\uad6d\uc5b4",  # Hangul
    "\u1208\u1230",  # Ethiopic
    "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # joined by zero-width joiners
    "\uff11\uff12",  # full-width digits
    "12,345.67",
    "\ufb01ne",  # a ligature
    "don't I'LL",
    "\U0010fffd",  # for private use
)

TEXTS = (
    "The Motion is DENIED.",
    *_WORDS,
    " ".join(_WORDS),
    "cafe\u0301 Stra\u00dfe \u0130",
    "",
    " ",
    "  spaces,  numbers 12,345.67 & ... ",
    "a\n\tb",
    "a\x00\x07b\u200b",
    "x" * 5000,
    "\u0e01" * 5000,
    "\U0001f600" * 5000,
)
"""Texts of many scripts, then odd ones: control characters, and long runs without a space."""

CHUNK = 1000
"""This many texts are encoded at once."""


Encode = Callable[[list[str]], list[list[int]]]
"""What encodes several texts at once, with special tokens."""


def check_encodes(tokenizer: Tokenizer, directory: Path, table: Table | None = None) -> None:
    """Raise ``GuardRefused`` if the tokenizer raises for one of ``TEXTS`` or a row of a table."""
    _check([*map(shortened, TEXTS)], TEXTS, tokenizer, directory)
    if table is not None:
        _check([f"row {row}" for row in table.rows], texts_of(table), tokenizer, directory)


def texts_of(table: Table) -> list[str]:
    """Return the text of each row."""
    return [document["text"] for document in table.documents]


def ids_by(tokenizer: Tokenizer) -> Encode:
    """Return what encodes texts at once by a tokenizer."""
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]


def token_ids(encode: Encode, texts: Sequence[str]) -> Sequence[list[int] | str]:
    """Return the token ids of each text, or why it cannot be encoded.

    ``encode`` may raise for any of them.
    """
    try:
        return encode([*texts])
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 (the library's panics are no exceptions)
        if len(texts) == 1:
            return [first_line(error)]
    return [token_ids(encode, [text])[0] for text in texts]


def _check(
    names: Sequence[str], texts: Sequence[str], tokenizer: Tokenizer, directory: Path
) -> None:
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        for name, found in zip(names[start:], token_ids(ids_by(tokenizer), chunk), strict=False):
            if isinstance(found, str):
                finding = Finding(
                    code="tokenizer_cannot_encode",
                    subject="tokenizer",
                    expected="tokens for every text",
                    observed=f"{found}, for {name}",
                )
                raise GuardRefused(str(directory), [finding])


def notes_of_encoding(tokenizer: Tokenizer) -> list[str]:
    """Return a note if some character, or a byte of one, becomes part of no token.

    A model without an unknown token leaves out what its vocabulary lacks, as does one of bytes
    whose vocabulary lacks some of them.
    """
    dropped = next((lost for word in _WORDS if (lost := _dropped(tokenizer, word))), "")
    if not dropped:
        return []
    note = (
        "the tokenizer has no unknown token and drops what its vocabulary lacks, such as "
        f"{dropped!r}: the drift of unknown tokens cannot see that"
    )
    return [note]


def _dropped(tokenizer: Tokenizer, word: str) -> str:
    """Return the characters of a word that have no token for what they are split into."""
    return "".join(character for character in word if _is_dropped(tokenizer, character))


def _is_dropped(tokenizer: Tokenizer, character: str) -> bool:
    normalizer, splitter = tokenizer.normalizer, tokenizer.pre_tokenizer
    text = character if normalizer is None else normalizer.normalize_str(character)
    pieces = [text] if splitter is None else [piece for piece, _ in splitter.pre_tokenize_str(text)]
    return any(not tokenizer.model.tokenize(symbol) for piece in pieces for symbol in piece)


def shortened(text: str) -> str:
    """Quote a text, by its beginning and its length if it is long."""
    return repr(text) if len(text) <= 40 else f"{text[:8]!r}… of {len(text)} characters"  # noqa: PLR2004 (a short line)

"""Refuse a tokenizer that cannot encode something, and tell of one that drops characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.errors import Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

__all__ = ["TEXTS", "check_encodes", "notes_of_encoding", "shortened"]

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
    "",
    " ",
    "a\n\tb",
    "a\x00\x07b\u200b",
    "  spaces,  numbers 12,345.67 & ... ",
    "The Motion is DENIED.",
    "cafe\u0301 Stra\u00dfe \u0130",
    *_WORDS,
    " ".join(_WORDS),
    "x" * 5000,
    "\u0e01" * 5000,
    "\U0001f600" * 5000,
)
"""Texts of many scripts, of control characters, and long runs without a space."""


def check_encodes(tokenizer: Tokenizer, directory: Path) -> None:
    """Raise ``GuardRefused`` if the tokenizer raises for one of ``TEXTS``."""
    for text in TEXTS:
        try:
            tokenizer.encode(text)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 (the library's panics are no exceptions)
            finding = Finding(
                code="tokenizer_cannot_encode",
                subject="tokenizer",
                expected="tokens for every text",
                observed=f"{first_line(error)}, for {shortened(text)}",
            )
            raise GuardRefused(str(directory), [finding]) from None


def notes_of_encoding(tokenizer: Tokenizer) -> list[str]:
    """Return a note if a word becomes no token at all.

    A model without an unknown token leaves out what its vocabulary lacks.
    """
    normalizer = tokenizer.normalizer
    dropped = [
        word
        for word in _WORDS
        if (word if normalizer is None else normalizer.normalize_str(word)).strip()
        and not tokenizer.encode(word, add_special_tokens=False).ids
    ]
    if not dropped:
        return []
    note = (
        "the tokenizer has no unknown token and drops what its vocabulary lacks, such as "
        f"{dropped[0]!r}: the drift of unknown tokens cannot see that"
    )
    return [note]


def shortened(text: str) -> str:
    """Quote a text, by its beginning and its length if it is long."""
    return repr(text) if len(text) <= 40 else f"{text[:8]!r}… of {len(text)} characters"  # noqa: PLR2004 (a short line)

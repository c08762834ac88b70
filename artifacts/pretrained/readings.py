"""Whether two readings of a tokenizer's files give the same tokens, and where they part."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from artifacts.pretrained.encoding import CHUNK, TEXTS, ids_by, shortened, texts_of, token_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tokenizers import Tokenizer

    from artifacts.pretrained.encoding import Encode
    from artifacts.tables import Table
    from guards.json_types import JsonObject

__all__ = [
    "Difference",
    "LibraryTokenizer",
    "contradicted_settings",
    "find_difference",
    "parts_that_differ",
]

_MAX_SHOWN = 12

_SHOWN_BY = {
    "do_lower_case": ("A", "A"),
    "strip_accents": ("\u00e9", "\u0301"),
    "tokenize_chinese_chars": ("a\u6cd5", "a\u6cd5"),
}
"""Settings of a normaliser: a text, and what is left in its NFD where the setting is off."""


class LibraryTokenizer(Protocol):
    """A tokenizer of the transformers library, as far as it is used here."""

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The tokenizer of the tokenizers library that it runs."""

    def __call__(
        self, text: str | list[str], *, truncation: bool = ..., max_length: int | None = ...
    ) -> Mapping[str, Any]:
        """Return the encoding of a text, with its ``input_ids``; of several texts, a list each."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``text`` names a text that two readings encode differently, ``observed`` says how."""

    text: str
    observed: str


def find_difference(
    saved: Tokenizer, library: LibraryTokenizer, table: Table | None
) -> Difference | None:
    """Return where two readings differ, on ordinary and odd texts, added tokens or rows.

    Every row of ``table`` is tried, and is named by its number, without its text.
    """
    backend = library.backend_tokenizer
    probes = [*TEXTS, *_around_added_tokens(saved, backend)]
    found = next(_differing(probes, ids_by(saved), lambda some: library(some)["input_ids"]), None)
    rows = [] if table is None else _differing_rows(saved, backend, table)
    counted = "" if table is None else f"; {len(rows)} of {len(table)} rows differ"
    if found is not None:
        index, ours, theirs = found
        return Difference(
            shortened(probes[index]), _parting(saved, backend, ours, theirs) + counted
        )
    if rows:
        parts = " and ".join(parts_that_differ(saved, library)) or "model"
        observed = f"other tokens by the library, whose {parts} differs{counted}"
        return Difference(f"row {rows[0]}", observed)
    return None


def parts_that_differ(saved: Tokenizer, library: LibraryTokenizer) -> list[str]:
    """Return which of normaliser and pre-tokenizer are written otherwise."""
    theirs = library.backend_tokenizer
    names = "normalizer", "pre_tokenizer"
    return [name for name in names if _state(saved, name) != _state(theirs, name)]


def contradicted_settings(
    settings: JsonObject, saved: Tokenizer, library: LibraryTokenizer
) -> list[str]:
    """Return which declared settings of a normaliser two readings follow differently."""
    return [
        name
        for name, (text, kept) in _SHOWN_BY.items()
        if settings.get(name) is not None
        and _keeps(saved, text, kept) != _keeps(library.backend_tokenizer, text, kept)
    ]


def _keeps(tokenizer: Tokenizer, text: str, kept: str) -> bool:
    normalizer = tokenizer.normalizer
    normalized = text if normalizer is None else normalizer.normalize_str(text)
    return kept in unicodedata.normalize("NFD", normalized)


def _state(tokenizer: Tokenizer, part: str) -> bytes | None:
    found = getattr(tokenizer, part)
    return None if found is None else found.__getstate__()


def _around_added_tokens(*tokenizers: Tokenizer) -> Iterator[str]:
    """Yield each added token of any of the tokenizers, alone and inside of a text."""
    added = {
        str(token)
        for tokenizer in tokenizers
        for token in (added.content for added in tokenizer.get_added_tokens_decoder().values())
    }
    for token in sorted(added):
        yield from (token, f"the {token} of", f"the{token}s")


def _differing_rows(saved: Tokenizer, backend: Tokenizer, table: Table) -> list[int]:
    """Return the numbers of the rows that are encoded differently."""
    if saved.to_str() == backend.to_str() and not backend.encode_special_tokens:
        return []
    found = _differing(texts_of(table), ids_by(saved), ids_by(backend))
    return [table.rows[index] for index, _, _ in found]


def _differing(
    texts: Sequence[str], saved: Encode, library: Encode
) -> Iterator[tuple[int, list[int] | str, list[int] | str]]:
    """Yield the index of each text that is encoded differently, with both encodings."""
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        pairs = zip(token_ids(saved, chunk), token_ids(library, chunk), strict=True)
        for index, (ours, theirs) in enumerate(pairs, start):
            if ours != theirs:
                yield index, ours, theirs


def _parting(
    saved: Tokenizer, backend: Tokenizer, ours: list[int] | str, theirs: list[int] | str
) -> str:
    """Say which tokens the one and the other reading have, from where they part."""
    common = 0
    if not isinstance(ours, str) and not isinstance(theirs, str):
        pairs = enumerate(zip(ours, theirs, strict=False))
        shorter = min(len(ours), len(theirs))
        common = next((index for index, (one, other) in pairs if one != other), shorter)
    start = max(0, common - 1)
    one, other = _tokens(saved, ours, start), _tokens(backend, theirs, start)
    return f"{one} by tokenizer.json, {other} by the library"


def _tokens(tokenizer: Tokenizer, ids: list[int] | str, start: int) -> str:
    if isinstance(ids, str):
        return f"a failure ({ids})"
    shown: Iterable[str] = (str(tokenizer.id_to_token(one)) for one in ids[start:][:_MAX_SHOWN])
    before = ["…"] if start else []
    after = ["…"] if len(ids) > start + _MAX_SHOWN else []
    return " ".join([*before, *shown, *after]) or "nothing"

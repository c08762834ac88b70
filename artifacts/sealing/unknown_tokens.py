"""Tell whoever seals a bundle that its tokenizer does not know their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.bundle.preprocessing import Encoding

__all__ = ["notes_of_unknown_tokens"]

_MAX_SHARE = 0.1


def notes_of_unknown_tokens(encodings: Sequence[Encoding]) -> list[str]:
    """Return a note if more than a tenth of the tokens of held-out texts are unknown."""
    tokens = sum(encoding.tokens for encoding in encodings)
    unknown = sum(encoding.unknown_tokens for encoding in encodings)
    if unknown <= _MAX_SHARE * tokens:
        return []
    note = (
        f"WARNING: {unknown / tokens:.0%} of the tokens of the held-out texts are unknown to the "
        "tokenizer, and the model cannot tell them apart; it needs a tokenizer that knows the "
        "scripts and words of these texts"
    )
    return [note]

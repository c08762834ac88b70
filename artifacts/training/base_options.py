"""What can be wrong with the options of a training; importing this takes no time."""

from __future__ import annotations

from artifacts.pretrained.location import check_location
from guards.errors import CallError

__all__ = ["check_base_options"]


def check_base_options(
    base: str | None, *, freeze_encoder: bool, tokenizer_from: str | None
) -> None:
    """Raise ``CallError`` for a base that is nowhere, and options about one where there is none."""
    if base is not None:
        check_location(base)
    message = None
    if base is None and freeze_encoder:
        message = "--freeze-encoder: there is no --base, and an untrained encoder would be frozen"
    elif base is None and tokenizer_from is not None:
        message = "--tokenizer-from says how to read the tokenizer of a --base; there is none"
    if message is not None:
        raise CallError(message)

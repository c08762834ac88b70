"""Check what the parts of a bundle announce, in one stage."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from guards.bundle.layout import MANIFEST
from guards.errors import Finding
from guards.integrity.headers.configuration import check_configuration
from guards.integrity.headers.tokenizer import check_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.bundle.manifest import TextRecord
    from guards.bundle.sealed_files import SealedFiles

__all__ = ["check_headers"]

_MAX_TOKENS = 2**17
"""More tokens of one window than any network of text takes."""


def check_headers(sealed: SealedFiles) -> Iterator[Finding]:
    """Yield a finding for each part that announces more than it holds, or more than is served.

    Raises ``PartError`` for a part that is missing or cannot be read.
    """
    return chain(
        check_configuration(sealed.config, sealed.tensors),
        check_tokenizer(sealed.tokenizer),
        _check_text(sealed.manifest.text),
    )


def _check_text(text: TextRecord) -> Iterator[Finding]:
    if text.max_length > _MAX_TOKENS:
        yield Finding(
            code="manifest_invalid",
            subject=MANIFEST,
            expected=f"text.max_length of at most {_MAX_TOKENS}",
            observed=str(text.max_length)[:20],
        )

"""Where a pretrained model is: in a directory, or on the Hub."""

from __future__ import annotations

import re
from pathlib import Path

from guards.errors import CallError, first_line

__all__ = ["check_location", "tokenizer_directory"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
"""``name`` or ``organisation/name``; everything else is a path."""

_TOKENIZER_FILES = ("config.json", "*token*", "vocab*", "merges.txt", "*.model")


def check_location(base: str) -> None:
    """Raise ``CallError`` if ``base`` is neither a directory nor, by its looks, a hub id.

    A path is never looked up on the Hub. This takes no time.
    """
    path = Path(base)
    if base and path.is_dir():
        return
    if not base:
        message = "--base is empty; give a directory as save_pretrained writes it, or a hub id"
    elif path.exists():
        message = f"--base {base}: a file; give the directory that save_pretrained wrote it to"
    elif not _HUB_ID.fullmatch(base):
        message = f"--base {base}: no such directory"
    else:
        return
    raise CallError(message)


def tokenizer_directory(base: str) -> Path:
    """Return the directory with the tokenizer of ``base``, a directory or a hub id.

    Files of the Hub are downloaded, if they are not in its cache. Raises ``CallError`` where
    nothing is found.
    """
    check_location(base)
    if Path(base).is_dir():
        return Path(base)
    # Imported where it is needed: the library takes half a second.
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(snapshot_download(base, allow_patterns=list(_TOKENIZER_FILES)))
    except LocalEntryNotFoundError:
        reason = "the Hugging Face Hub cannot be reached, and its cache does not hold it"
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        reason = f"the Hugging Face Hub does not give it: {first_line(error)}"
    message = f"--base {base}: no such directory, and {reason}"
    raise CallError(message)

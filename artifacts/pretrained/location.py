"""Where a pretrained model is: in a directory, or on the Hub."""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from guards.errors import CallError, first_line

__all__ = ["tokenizer_directory"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
"""``name`` or ``organisation/name``; everything else is a path."""

_TOKENIZER_FILES = ("config.json", "*token*", "vocab*", "merges.txt", "*.model")


def tokenizer_directory(base: str) -> Path:
    """Return the directory with the tokenizer of ``base``, a directory or a hub id.

    Files of the Hub are downloaded, if they are not in its cache. Something is looked up there only
    if nothing is at that path. Raises ``CallError`` where nothing is found.
    """
    path = Path(base)
    if base and path.is_dir():
        return path
    if path.exists() or not _HUB_ID.fullmatch(base):
        message = f"--base {base}: no such directory"
        raise CallError(message)
    try:
        return Path(snapshot_download(base, allow_patterns=list(_TOKENIZER_FILES)))
    except LocalEntryNotFoundError:
        reason = "the Hugging Face Hub cannot be reached, and its cache does not hold it"
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        reason = f"the Hugging Face Hub does not give it: {first_line(error)}"
    message = f"--base {base}: no such directory, and {reason}"
    raise CallError(message)

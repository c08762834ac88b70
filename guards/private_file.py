"""Files with text of documents: only their owner reads them, and half a file is never there."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from guards.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

__all__ = ["private_file", "require_no_loss"]

_MAX_NAME_CHARS = 40
"""Of the file's name in that of the unfinished one, which must not become too long."""


def _is_filled(path: Path) -> bool:
    return path.stat().st_size > 0


def require_no_loss(path: Path, holds_work: Callable[[Path], bool] = _is_filled) -> None:
    """Raise ``CallError`` where a new file at ``path`` would replace something.

    ``holds_work`` says whether anything is lost with a file that is there; by default it is, unless
    the file is empty.
    """
    if not os.path.lexists(path):
        return
    try:
        lost = path.is_symlink() or not path.is_file() or holds_work(path)
    except OSError as error:
        raise _unwritten(path, error) from None
    if lost:
        message = f"{path} exists already: name another file, or remove it"
        raise CallError(message)


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file of mode 0600 that stands at ``path``, whole, when the block ends.

    It replaces a file that is there: call ``require_no_loss`` before. Where the block raises,
    nothing is left behind. Raises ``CallError`` where no file can be written.
    """
    unfinished = None
    try:
        prefix, directory = f".{path.name[:_MAX_NAME_CHARS]}-", path.absolute().parent
        descriptor, name = tempfile.mkstemp(prefix=prefix, dir=directory)
        unfinished = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        unfinished.replace(path)
    except BaseException as error:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unwritten(path, error) from None
        raise


def _unwritten(path: Path, error: OSError) -> CallError:
    return CallError(f"{path} cannot be written: {error.strerror}")

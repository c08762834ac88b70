"""Files of logs, whole and broken, and files that are no logs."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from guards.errors import CallError
from guards.events import log_files
from guards.events.log_table import LogTable
from guards.events.reading import LogAccount
from tests.guards.events.something import something
from tests.guards.events.tables import (
    account,
    assert_same_as_line_by_line,
    line,
    observed,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("size", [1, 700, 5000])
def test_blocks_do_not_show(
    log: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Wherever a file is cut for reading, no line is."""
    monkeypatch.setattr(log_files, "_BLOCK_BYTES", size)
    monkeypatch.setattr(log_files, "_PIECE_BYTES", size)
    lines = [line(seq, observed(f"é {seq}")) for seq in range(1, 12)]
    assert assert_same_as_line_by_line(log(*lines)) == LogAccount(lines=11)


def test_a_line_beyond_all_bounds_is_torn(
    log: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In as many pieces as for the reader, and the next line is read."""
    monkeypatch.setattr(log_files, "_MAX_LINE_BYTES", 2000)
    found = assert_same_as_line_by_line(log(line(1), b"x" * 4500 + b"\n", line(2)))
    assert found == LogAccount(lines=5, torn=3)


def zstd(data: bytes) -> bytes:
    """Compress with zstd."""
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


@pytest.mark.parametrize(("compress", "suffix"), [(gzip.compress, ".gz"), (zstd, ".zst")])
def test_compressed_logs_are_read(
    log: Callable[..., Path], compress: Callable[[bytes], bytes], suffix: str
) -> None:
    """Also where compressed files were joined."""
    joined = compress(line(1)) + compress(line(2))
    assert assert_same_as_line_by_line(log(joined, name=f"a{suffix}")) == LogAccount(lines=2)


@pytest.mark.parametrize(("compress", "suffix"), [(gzip.compress, ".gz"), (zstd, ".zst")])
def test_of_a_broken_file_is_read_what_comes_before(
    log: Callable[..., Path], compress: Callable[[bytes], bytes], suffix: str
) -> None:
    """The account says which file it is and why, and the next files are read."""
    noise = bytes(np.random.default_rng(1).integers(32, 127, 400_000).astype(np.uint8))
    text = b"".join(line(seq) for seq in range(1, 51)) + noise
    broken = log(compress(text)[:-200_000], name=f"broken{suffix}")
    found = assert_same_as_line_by_line(broken, log(line(51)))
    assert (found.gaps, found.duplicates) == ((), 0)
    ((path, reason),) = [(file.path, file.reason) for file in found.broken]
    assert path == broken
    assert "Error" in reason


def test_what_is_no_log_is_an_error_of_the_call(log: Callable[..., Path], tmp_path: Path) -> None:
    """A table or an image given by mistake, a directory, a wrong name: each is named."""
    mistakes = [
        log(b"text,label\nhello,letter\n", name="train.csv"),
        log(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, name="image.png"),
        log(line(1)[:50], name="torn.jsonl"),
        log(line(1), name="plain.gz"),
        log(line(1), name="plain.zst"),
        tmp_path / "missing.jsonl",
        tmp_path,
    ]
    for mistake in mistakes:
        with pytest.raises(CallError, match=mistake.name):
            LogTable.read([log(line(1)), mistake])


def test_an_empty_file_is_fine_but_not_all_of_them(log: Callable[..., Path]) -> None:
    """A new replica may not have written anything; nothing at all is a mistake."""
    empty = log(name="empty.jsonl")
    assert account(empty, log(line(1))) == LogAccount(lines=1)
    unknown = log(line(1, something()), name="unknown.jsonl")
    for paths in ([], [empty], [empty, unknown]):
        with pytest.raises(CallError, match="no events in"):
            LogTable.read(paths)

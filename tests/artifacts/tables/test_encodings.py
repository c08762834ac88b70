"""A file in another encoding is refused by row and byte, with the command that converts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.artifacts.tables.reading import refusal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("t.csv", 'text,label\na,x\n\n"b\nc",y\ncaf\u00e9,z\n', "row 3: byte 0xe9"),
        ("t.csv", "caf\u00e9,label\na,x\n", "row 1 (the header): byte 0xe9"),
        ("t.tsv", "text\tlabel\ncaf\u00e9\tx\n", "row 1: byte 0xe9"),
        ("t.jsonl", '{"text": "a"}\n\n{"text": "\u20ac"}\n', "row 2: byte 0x80"),
    ],
)
def test_windows_1252(tmp_path: Path, name: str, data: str, place: str) -> None:
    """The row and the byte are said, and how to convert the file."""
    message = refusal(tmp_path / name, data.encode("cp1252"))

    assert message.startswith(f"{place} is no UTF-8; ")
    assert f"iconv -f windows-1252 -t utf-8 {name} > utf-8-{name}" in message


def test_bytes_that_windows_1252_lacks(tmp_path: Path) -> None:
    """Latin-1 knows every byte."""
    assert "iconv -f latin1 " in refusal(tmp_path / "t.csv", b"text,label\n\x81,x\n")


def test_half_a_character_of_utf_16(tmp_path: Path) -> None:
    """A file that was cut off is no reason for a traceback."""
    message = refusal(tmp_path / "t.csv", "text,label\na,x\n".encode("utf-16")[:-1])

    assert " is no UTF-16; " in message

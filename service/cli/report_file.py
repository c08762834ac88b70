"""The file that a report is written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from guards.errors import CallError
from guards.private_file import private_file
from guards.text import printable
from service.cli.options import PATH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.cli.options import C

__all__ = ["report_option", "write_report"]


def report_option(*suffixes: str) -> Callable[[C], C]:
    """Return the decorator that adds ``-o``, of which the name ends in one of these."""

    def check(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
        if path is not None and path.suffix not in suffixes:
            expected = f"expected a name that ends in {' or '.join(suffixes)}"
            message = f"-o {printable(str(path))}: {expected}"
            raise CallError(message)
        return path

    return click.option(
        "-o",
        "out",
        type=PATH,
        metavar=f"REPORT{'|'.join(suffixes)}",
        callback=check,
        help="Write the report to this file, too; one that is there is replaced.",
    )


def write_report(path: Path, text: str, *, private: bool = False) -> None:
    """Write a report; raises ``CallError`` where the file cannot be written.

    One that is ``private``, because it holds words of documents, only its owner may read.
    """
    if private:
        with private_file(path) as file:
            file.write(text.encode())
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"-o {printable(str(path))}: {error.strerror}"
        raise CallError(message) from error

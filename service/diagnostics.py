"""Diagnostics of this process and its libraries, made safe to print."""

from __future__ import annotations

import logging
import traceback
import warnings

from guards.text import printable_lines

__all__ = ["make_diagnostics_printable"]


class _PrintableRecord(logging.LogRecord):
    """A record whose message and traceback are printable; lines after the first are indented."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]  # whatever the logger gives
        if self.exc_info and self.exc_info[0] is not None:
            # Formatters write this text as it is.
            self.exc_text = printable_lines("".join(traceback.format_exception(*self.exc_info)))

    def getMessage(self) -> str:  # noqa: N802 (logging's name)
        return printable_lines(super().getMessage())


def make_diagnostics_printable() -> None:
    """Escape the names in log messages, tracebacks and warnings, of every logger and handler.

    Libraries quote names of files that may be hostile: the version that pickled an estimator, the
    type of a model, a column. Call it once, when the process starts.
    """
    logging.setLogRecordFactory(_PrintableRecord)
    warnings.formatwarning = _format_warning


def _format_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    del line
    return f"{printable_lines(f'{filename}:{lineno}: {category.__name__}: {message}')}\n"

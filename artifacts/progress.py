"""Show how far a long phase is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io
import sys
import threading
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Progress"]

_LINE_INTERVAL_S = 30.0
_BAR_INTERVAL_S = 1.0
_LINE = "{desc}: {n_fmt} of {total_fmt} {unit}, {elapsed} elapsed, {remaining} left{postfix}"
_LINE_WITHOUT_TOTAL = "{desc}: {elapsed} elapsed{postfix}"


class Progress:
    """How far a phase is, shown on standard error while the context is open.

    On a terminal it is a bar. Elsewhere a line is written every ``interval_s`` seconds, so that a
    log shows that the phase goes on and how much time is left; phases that are shorter write none.
    Without a ``total`` only the time is shown.
    """

    def __init__(
        self,
        description: str,
        total: int | None = None,
        unit: str = "documents",
        interval_s: float = _LINE_INTERVAL_S,
    ) -> None:
        """Describe a phase of ``total`` units of work."""
        self._stream = sys.stderr
        self._terminal = self._stream.isatty()
        self._interval_s = _BAR_INTERVAL_S if self._terminal else interval_s
        self._bar = tqdm(
            desc=description,
            total=total,
            unit=f" {unit}" if self._terminal else unit,
            leave=total is not None,
            file=self._stream if self._terminal else _Nowhere(),
            bar_format=None if self._terminal and total is not None else _format(total),
        )
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        self._thread.join()
        self._bar.close()

    def restart(self, total: int, done: int = 0) -> None:
        """Count from ``done`` to ``total``, once both are known."""
        self._bar.reset(total)
        self._bar.leave = True
        self._bar.bar_format = None if self._terminal else _format(total)
        self._bar.initial = self._bar.n = done

    def update(self, units: int = 1) -> None:
        """Count ``units`` more as done."""
        self._bar.update(units)

    def note(self, **values: str) -> None:
        """Show these values beside the count."""
        self._bar.set_postfix(values, refresh=False)

    def _show(self) -> None:
        while not self._closed.wait(self._interval_s):
            if self._terminal:
                self._bar.refresh()
            else:
                self._stream.write(f"{self._bar}\n")
                self._stream.flush()


def _format(total: int | None) -> str:
    return _LINE_WITHOUT_TOTAL if total is None else _LINE


class _Nowhere(io.TextIOBase):
    """Takes the bar where there is no terminal to draw it on."""

    def write(self, text: str, /) -> int:
        return len(text)

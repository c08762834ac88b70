"""Progress where there is no terminal, and where there is one."""

from __future__ import annotations

import io
import threading
from contextlib import redirect_stderr

import pytest

from artifacts.progress import Progress
from tests.patience import AGES_S, PATIENCE_S


class Lines(io.StringIO):
    """Collects what is written, and tells when a line is complete."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self.line = threading.Event()
        self._terminal = terminal

    def isatty(self) -> bool:
        """Return whether this stands for a terminal."""
        return self._terminal

    def write(self, text: str, /) -> int:
        """Keep the text."""
        written = super().write(text)
        if "\n" in text:
            self.line.set()
        return written


def test_a_line_says_how_much_is_done_and_left() -> None:
    """A log without a terminal gets the count, the time gone and left, and the values noted."""
    error = Lines()
    with redirect_stderr(error), Progress("training", 200, "batches", 0.01) as progress:
        progress.update(50)
        progress.note(loss="0.532")
        assert error.line.wait(PATIENCE_S)

    line = error.getvalue().splitlines()[-1]
    assert line.startswith("training: 50 of 200 batches, 00:0")
    assert line.endswith(" left, loss=0.532")


def test_a_phase_that_cannot_be_counted_says_that_it_goes_on() -> None:
    """Without a total, a line still says what goes on and for how long."""
    error = Lines()
    with redirect_stderr(error), Progress("building engines", interval_s=0.01):
        assert error.line.wait(PATIENCE_S)

    assert error.getvalue().splitlines()[0] == "building engines: 00:00 elapsed"


def test_a_short_phase_writes_nothing() -> None:
    """A phase that ends before the first line is due leaves a log as it was."""
    error = Lines()
    with redirect_stderr(error), Progress("training", 3, interval_s=AGES_S) as progress:
        progress.update(3)

    assert error.getvalue() == ""


def test_a_phase_that_fails_ends_its_lines() -> None:
    """An error leaves no thread behind that goes on writing."""
    error, before = Lines(), threading.active_count()
    with (
        redirect_stderr(error),
        pytest.raises(ValueError, match="no"),
        Progress("training", 3, interval_s=AGES_S),
    ):
        raise ValueError("no")  # noqa: EM101 (of this test alone)

    assert threading.active_count() == before
    assert error.getvalue() == ""


def test_a_resumed_count_goes_on_from_where_it_was() -> None:
    """What was done before an interruption counts as done, and not as work of this run."""
    error = Lines()
    with redirect_stderr(error), Progress("training", interval_s=0.01) as progress:
        progress.restart(100, done=40)
        progress.update(10)
        error.line.clear()
        assert error.line.wait(PATIENCE_S)

    assert error.getvalue().splitlines()[-1].startswith("training: 50 of 100 documents")


def test_a_terminal_has_a_bar() -> None:
    """On a terminal the bar is redrawn in its line."""
    terminal = Lines(terminal=True)

    with redirect_stderr(terminal), Progress("answering", 8) as progress:
        progress.update(8)

    assert "\ranswering: 100%|" in terminal.getvalue()
    assert "8/8" in terminal.getvalue()

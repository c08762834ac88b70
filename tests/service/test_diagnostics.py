"""What loggers and warnings of any library print."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pytest

from service.diagnostics import make_diagnostics_printable
from tests.repository import ROOT, repository_files

if TYPE_CHECKING:
    from collections.abc import Iterator

EVIL = "ev\x1b[2J\x9bil\n2026-01-01 [INFO] all is well\u2028\u202e"
SHOWN = "ev\\x1b[2J\\x9bil\n  2026-01-01 [INFO] all is well\\u2028\\u202e"


@pytest.fixture(autouse=True)
def printable_diagnostics(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make diagnostics of this process printable, and leave it as it was."""
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    before = logging.getLogRecordFactory()
    make_diagnostics_printable()
    yield
    logging.setLogRecordFactory(before)


@pytest.fixture
def stream() -> io.StringIO:
    """Return what a handler writes to that a library brings along."""
    return io.StringIO()


@pytest.fixture
def logger(stream: io.StringIO) -> Iterator[logging.Logger]:
    """Return a logger with such a handler."""
    logger = logging.getLogger("some.package")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def test_every_process_makes_its_diagnostics_printable() -> None:
    """The service, the command line, and each module that is run by itself."""
    sources = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for path in repository_files("service/*.py")
    }
    started = {name for name, text in sources.items() if '__name__ == "__main__"' in text}

    assert started
    # What these two run does so itself.
    started -= {"service/cli/__main__.py", "service/import_path.py"}
    for name in {"service/app.py", "service/cli/group.py", *started}:
        assert "make_diagnostics_printable()" in sources[name], name


@pytest.mark.parametrize("arguments", [(EVIL,), ("%s", EVIL), ("%(name)s", {"name": EVIL})])
def test_a_message_begins_no_line_of_its_own(
    logger: logging.Logger, stream: io.StringIO, arguments: tuple[object, ...]
) -> None:
    """Names are escaped, and what follows a line end is indented."""
    logger.warning(*arguments)

    assert stream.getvalue() == f"[WARNING] {SHOWN}\n"


def test_a_traceback_is_escaped_too(logger: logging.Logger, stream: io.StringIO) -> None:
    """The message of an exception quotes names as well."""
    logger.error("failed", exc_info=ValueError(EVIL))

    assert stream.getvalue() == f"[ERROR] failed\nValueError: {SHOWN}\n"


def test_a_warning_is_escaped() -> None:
    """Libraries warn of versions and names that they read from a file."""
    code = (
        "import sys, warnings; from service.diagnostics import make_diagnostics_printable as make;"
        "make(); warnings.warn_explicit(sys.argv[1], UserWarning, 'library.py', 7)"
    )

    done = subprocess.run([sys.executable, "-c", code, EVIL], capture_output=True, check=True)

    assert done.stderr.decode() == f"library.py:7: UserWarning: {SHOWN}\n"

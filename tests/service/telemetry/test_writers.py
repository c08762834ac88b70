"""Log files that hold documents, and what else can stand at the path of a log file."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guards.errors import CallError
from service.telemetry.writers import LogFile, check_log_file
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = b'{"document": "private"}\n'
IS_ROOT = os.geteuid() == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a log file in a directory that others may enter."""
    return tmp_path / "log.jsonl"


@pytest.fixture
def log_file(path: Path) -> Iterator[LogFile]:
    """Return a log file that holds documents."""
    log_file = LogFile(path, private=True)
    yield log_file
    log_file.close()


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def put(kind: str, path: Path) -> None:
    """Put something other than a file of ours at ``path``."""
    target = path.with_name("target")
    if kind == "a link":
        target.touch()
        path.symlink_to(target)
    elif kind == "a dangling link":
        path.symlink_to(target)
    elif kind == "a link to a device":
        path.symlink_to("/dev/null")
    elif kind == "a directory":
        path.mkdir()
    else:
        path.touch(0o600)
        os.chown(path, 65534, 65534)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_documents_are_written_to_a_file_of_their_own(
    log_file: LogFile, path: Path, umask: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Mode 0600 from its first moment, whatever the process would give to other files."""
    before = os.umask(umask)
    try:
        assert log_file.write(LINE) == 1
    finally:
        os.umask(before)

    assert (mode(path), caplog.text) == (0o600, "")


@pytest.mark.parametrize("found", [0o644, 0o660, 0o604, 0o777])
@pytest.mark.parametrize("start", [True, False])
def test_a_file_that_others_may_read_is_closed_to_them(
    log_file: LogFile,
    path: Path,
    found: int,
    caplog: pytest.LogCaptureFixture,
    *,
    start: bool,
) -> None:
    """From a run before, or made by a rotation: their rights are taken, which is told."""
    log_file.write(LINE)
    path.rename(path.with_suffix(".1"))
    path.touch()
    path.chmod(found)

    if start:
        check_log_file(path, private=True)
    else:
        assert log_file.write(LINE) == 1

    assert mode(path) == found & 0o700
    assert f"the log file {path} was open to others" in caplog.text


def test_a_file_that_was_ours_alone_keeps_its_mode(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is said where nothing is changed."""
    path.touch(0o600)

    check_log_file(path, private=True)

    assert (mode(path), caplog.text) == (0o600, "")


def test_a_log_without_documents_is_as_the_umask_says(path: Path) -> None:
    """Whoever reads logs may go on to read them, and links go on to be followed."""
    target = path.with_name("target")
    path.symlink_to(target)
    log_file = LogFile(path)

    check_log_file(path, private=False)
    written = log_file.write(LINE)
    log_file.close()

    assert written == 1
    assert (target.read_bytes(), mode(target)) == (LINE, 0o644)


REFUSED = {
    "a link": "it is a link, and CAPTURE writes documents to it; name the file itself",
    "a dangling link": "it is a link, and CAPTURE writes documents to it; name the file itself",
    "a link to a device": "it is a link, and CAPTURE writes documents to it; name the file itself",
    "a directory": "Is a directory",
    "another user's file": "it is another user's, and CAPTURE writes documents to it; name a file "
    "of your own",
}


@pytest.fixture(
    params=[
        kind
        if kind != "another user's file"
        else pytest.param(kind, marks=pytest.mark.skipif(not IS_ROOT, reason="only root may"))
        for kind in REFUSED
    ]
)
def kind(request: pytest.FixtureRequest, path: Path) -> str:
    """Put each kind of thing at the path that documents are not written to."""
    put(request.param, path)
    return str(request.param)


def test_documents_are_not_written_elsewhere(log_file: LogFile, path: Path, kind: str) -> None:
    """The start is refused in one line; what is there is neither written, made nor changed."""
    with pytest.raises(CallError) as refusal:
        check_log_file(path, private=True)

    assert str(refusal.value) == f"the log file {path} cannot be written: {REFUSED[kind]}"
    assert log_file.write(LINE) == 0
    assert path.with_name("target").exists() is (kind == "a link")
    assert {file.read_bytes() for file in path.parent.iterdir() if file.is_file()} <= {b""}


def test_a_link_that_takes_the_place_of_the_file_is_not_followed(
    log_file: LogFile, path: Path
) -> None:
    """While the service runs, it costs lines, and they come back with a file."""
    log_file.write(LINE)
    moved = path.rename(path.with_suffix(".1"))
    path.symlink_to(moved)

    assert log_file.write(LINE) == 0
    assert moved.read_bytes() == LINE
    path.unlink()
    assert log_file.write(LINE) == 1


def test_the_mode_of_a_device_stays() -> None:
    """It keeps nothing, and root could take the null device from everybody else."""
    reader, terminal = os.openpty()
    try:
        path = Path(os.ttyname(terminal))
        path.chmod(0o622)
        check_log_file(path, private=True)
        assert mode(path) == 0o622
    finally:
        os.close(reader)
        os.close(terminal)


@pytest.mark.parametrize("private", [True, False])
def test_a_named_pipe_without_a_reader_holds_up_nothing(path: Path, *, private: bool) -> None:
    """Opening it would wait for ever: the start is refused, and lines are lost meanwhile."""
    os.mkfifo(path, 0o600)
    log_file = LogFile(path, private=private)
    written: list[int] = []
    writing = threading.Thread(target=lambda: written.append(log_file.write(LINE)), daemon=True)

    writing.start()
    writing.join(PATIENCE_S)

    assert written == [0]
    with pytest.raises(CallError, match="a named pipe that nothing reads"):
        check_log_file(path, private=private)


@pytest.mark.parametrize("private", [True, False])
def test_a_named_pipe_is_written_once_it_is_read(path: Path, *, private: bool) -> None:
    """Whoever ships logs through a pipe gets each line once."""
    os.mkfifo(path, 0o600)
    log_file = LogFile(path, private=private)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        check_log_file(path, private=private)
        assert log_file.write(LINE) == 1
        assert os.read(reader, 1000) == LINE
    finally:
        os.close(reader)
        log_file.close()

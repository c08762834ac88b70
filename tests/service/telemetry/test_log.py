"""The event log on real files and real pipes, when all is well and when it is not."""

import fcntl
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from guards.events.events import SCHEMA
from guards.json_types import JsonObject
from service.telemetry.log import EventLog
from tests.guards.events.something import Something, something
from tests.patience import PATIENCE_S, wait_until

ROOT = Path(__file__).parents[3]


def parsed(lines: bytes) -> list[JsonObject]:
    """Parse JSON Lines, of which the last must be whole."""
    assert lines == b"" or lines.endswith(b"\n")
    return [json.loads(line) for line in lines.split(b"\n")[:-1]]


def numbers(path: Path) -> list[int]:
    """Return the `seq` of each line of a log file."""
    return [line["seq"] for line in parsed(path.read_bytes())]


def has_lines(path: Path, count: int) -> bool:
    """Whether the file is there and holds `count` whole lines; a line may be half-way in."""
    return path.exists() and path.read_bytes().count(b"\n") == count


class Pipe:
    """A pipe of one page whose reader starts to read on demand."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        self.read = b""
        self._thread = threading.Thread(target=self._read, daemon=True)

    def start_reading(self) -> None:
        """Read all that comes, from now on."""
        self._thread.start()

    def finish(self) -> list[JsonObject]:
        """Close the writing end, and return the lines that were read."""
        os.close(self.writer)
        self._thread.join(PATIENCE_S)
        os.close(self.reader)
        return parsed(self.read)

    def _read(self) -> None:
        while chunk := os.read(self.reader, 65536):
            self.read += chunk


@pytest.fixture
def nowhere() -> Iterator[int]:
    """Return the descriptor of a stdout that nobody looks at."""
    with Path(os.devnull).open("wb") as file:
        yield file.fileno()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a log file whose directory is still missing."""
    return tmp_path / "logs" / "events.jsonl"


@pytest.fixture
def log(nowhere: int, path: Path) -> Iterator[EventLog]:
    """Return a log that writes to `path`."""
    log = EventLog("replica-1", "run-1", stdout=nowhere, path=path)
    yield log
    log.close(PATIENCE_S)


def written(log: EventLog, path: Path, **fields: object) -> JsonObject:
    """Emit one event with `fields`, and return its line as a reader of the file parses it."""
    log.emit(Something(fields))
    assert log.flush(PATIENCE_S)
    return parsed(path.read_bytes())[-1]


def test_a_line_carries_the_stamps_and_the_fields(log: EventLog, path: Path) -> None:
    """A line begins with the stamps of the contract, and then has what was given."""
    line = written(log, path, request_id="a-17", tokens=12)
    assert list(line) == [
        *("timestamp", "event", "schema", "replica", "run", "seq"),
        *("request_id", "tokens"),
    ]
    assert (line["event"], line["schema"]) == ("something.happened", SCHEMA)
    assert (line["replica"], line["run"], line["seq"]) == ("replica-1", "run-1", 1)


def test_the_timestamp_is_the_moment_of_emission_in_utc(log: EventLog, path: Path) -> None:
    """Timestamps are RFC 3339 with six decimals and a Z, and say when the event was emitted."""
    before = time.time()
    timestamp = written(log, path)["timestamp"]
    moment = datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%f%z")
    assert timestamp.endswith("Z")
    assert len(timestamp) == len("2026-01-31T23:59:59.000000Z")
    assert moment.utcoffset() == timedelta()
    assert before - 0.001 <= moment.timestamp() <= time.time()


def test_a_field_never_replaces_a_stamp(log: EventLog, path: Path) -> None:
    """A field that is called like a stamp leaves the stamp as it was."""
    assert written(log, path, seq=99, replica="other")["seq"] == 1


def test_stdout_and_file_hold_the_same_lines(path: Path) -> None:
    """Both sinks get each line, byte for byte."""
    pipe = Pipe()
    pipe.start_reading()
    log = EventLog("replica-1", "run-1", stdout=pipe.writer, path=path)
    for number in range(100):
        log.emit(something(number=number, filler="x" * (100 * number)))
    assert log.close(PATIENCE_S)
    assert [line["number"] for line in pipe.finish()] == list(range(100))
    assert pipe.read == path.read_bytes()


def test_without_a_path_there_is_only_stdout() -> None:
    """A log without a file writes to stdout and counts nothing for a file."""
    pipe = Pipe()
    pipe.start_reading()
    log = EventLog("replica-1", "run-1", stdout=pipe.writer, path=None)
    log.emit(something())
    assert log.close(PATIENCE_S)
    assert [line["event"] for line in pipe.finish()] == ["something.happened"]
    assert log.lost == {"stdout": 0}


def test_closing_writes_what_waits(nowhere: int, path: Path) -> None:
    """Nothing that was emitted before the close is missing, and what comes after it is counted."""
    log = EventLog("replica-1", "run-1", stdout=nowhere, path=path)
    for _ in range(1000):
        log.emit(something())
    assert log.close(PATIENCE_S)
    assert numbers(path) == list(range(1, 1001))
    log.emit(something())
    assert log.close(PATIENCE_S)
    assert log.lost == {"stdout": 1, "file": 1}


def test_a_second_run_appends(nowhere: int, path: Path) -> None:
    """A new run continues the file and counts from 1 again."""
    for run in ("run-1", "run-2"):
        log = EventLog("replica-1", run, stdout=nowhere, path=path)
        log.emit(something())
        assert log.close(PATIENCE_S)
    lines = parsed(path.read_bytes())
    assert [(line["run"], line["seq"]) for line in lines] == [("run-1", 1), ("run-2", 1)]


def test_a_line_that_an_earlier_run_left_torn_stays_alone(nowhere: int, path: Path) -> None:
    """A log that opens a file whose last line was cut off starts on a new line."""
    path.parent.mkdir()
    path.write_bytes(b'{"seq": 7, "eve')
    log = EventLog("replica-1", "run-2", stdout=nowhere, path=path)
    log.emit(something())
    assert log.close(PATIENCE_S)
    torn, whole = path.read_bytes().splitlines()
    assert (torn, json.loads(whole)["seq"]) == (b'{"seq": 7, "eve', 1)


def test_many_threads_leave_no_gap(log: EventLog, path: Path) -> None:
    """Lines of many threads stand in the file in the order of their numbers, each once."""

    def emit() -> None:
        for _ in range(500):
            log.emit(something(filler="x" * 200))

    threads = [threading.Thread(target=emit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.flush(PATIENCE_S)
    assert numbers(path) == list(range(1, 4001))


def test_a_file_rotated_by_renaming_is_followed(log: EventLog, path: Path) -> None:
    """After a rename, lines go to a new file at the path, and the old file keeps its own."""
    written(log, path)
    path.rename(path.with_suffix(".1"))
    written(log, path)
    assert numbers(path.with_suffix(".1")) == [1]
    assert numbers(path) == [2]


def test_a_file_replaced_by_another_is_followed(log: EventLog, path: Path) -> None:
    """Where the rotation already made the new file, lines are appended to that one."""
    written(log, path)
    path.rename(path.with_suffix(".1"))
    path.touch()
    written(log, path)
    assert numbers(path) == [2]


def test_a_deleted_file_is_made_again(log: EventLog, path: Path) -> None:
    """After a deletion, lines go to a new file at the path."""
    written(log, path)
    path.unlink()
    written(log, path)
    assert numbers(path) == [2]


def test_a_truncated_file_goes_on_at_its_start(log: EventLog, path: Path) -> None:
    """Rotation by copy and truncate leaves no hole at the start of the file."""
    written(log, path)
    os.truncate(path, 0)
    written(log, path)
    assert numbers(path) == [2]


def test_a_missing_directory_costs_lines_until_it_is_back(log: EventLog, path: Path) -> None:
    """Lines are counted as lost while the directory is gone, and written once it is back."""
    written(log, path)
    path.parent.rename(path.parent.with_name("moved"))
    log.emit(something())
    assert log.flush(PATIENCE_S)
    assert log.lost == {"stdout": 0, "file": 1}
    path.parent.mkdir()
    written(log, path)
    assert numbers(path) == [3]
    assert log.lost_lines == 1


def test_a_path_that_is_a_directory_costs_lines(nowhere: int, tmp_path: Path) -> None:
    """A path that can never be opened is counted, and raises nothing."""
    log = EventLog("replica-1", "run-1", stdout=nowhere, path=tmp_path)
    log.emit(something())
    assert log.close(PATIENCE_S)
    assert log.lost == {"stdout": 0, "file": 1}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    """Each line that the disk has no room for is counted; stdout has them all."""
    pipe = Pipe()
    pipe.start_reading()
    log = EventLog("replica-1", "run-1", stdout=pipe.writer, path=Path("/dev/full"))
    for _ in range(100):
        log.emit(something())
    assert log.close(PATIENCE_S)
    assert log.lost == {"stdout": 0, "file": 100}
    assert len(pipe.finish()) == 100


@contextmanager
def file_size_limit(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size_bytes`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_line_cut_off_by_a_full_disk_stays_alone(log: EventLog, path: Path) -> None:
    """When there is room again, the next line does not glue to the one that was cut off."""
    written(log, path)
    size_bytes = path.stat().st_size
    with file_size_limit(size_bytes + 10):
        log.emit(something())
        log.emit(something())
        assert log.flush(PATIENCE_S)
    log.emit(something())
    assert log.flush(PATIENCE_S)
    first, torn, last = path.read_bytes().splitlines()
    assert len(torn) == 10
    assert [json.loads(line)["seq"] for line in (first, last)] == [1, 4]
    assert log.lost["file"] == 2


def test_a_stuck_reader_holds_up_nobody(path: Path) -> None:
    """A full pipe costs lines of stdout; the file has them all, and the gap shows in `seq`."""
    pipe = Pipe()
    log = EventLog("replica-1", "run-1", stdout=pipe.writer, path=path, capacity=20)
    for number in range(1, 101):
        log.emit(something(filler="x" * 2000))
        wait_until(partial(has_lines, path, number), "the line", pause_s=0.001)
    assert not log.flush(0.01)
    lost = log.lost["stdout"]
    assert log.lost == {"stdout": lost, "file": 0}
    assert lost > 0

    pipe.start_reading()
    assert log.flush(PATIENCE_S)
    log.emit(something())
    assert log.close(PATIENCE_S)
    seen = [line["seq"] for line in pipe.finish()]
    kept = 100 - lost
    assert seen == [*range(1, kept + 1), 101]
    assert numbers(path) == list(range(1, 102))


def test_a_reader_that_went_away_costs_lines(path: Path) -> None:
    """A closed pipe is counted for stdout, and the file goes on."""
    pipe = Pipe()
    os.close(pipe.reader)
    log = EventLog("replica-1", "run-1", stdout=pipe.writer, path=path)
    for _ in range(10):
        log.emit(something())
    assert log.close(PATIENCE_S)
    os.close(pipe.writer)
    assert log.lost == {"stdout": 10, "file": 0}
    assert numbers(path) == list(range(1, 11))


def test_a_pipe_that_does_not_block_gets_every_line() -> None:
    """Lines wait for the reader where somebody set the pipe to non-blocking."""
    pipe = Pipe()
    os.set_blocking(pipe.writer, False)
    log = EventLog("replica-1", "run-1", stdout=pipe.writer, path=None)
    for _ in range(50):
        log.emit(something(filler="x" * 5000))
    assert not log.flush(0.01)
    pipe.start_reading()
    assert log.close(PATIENCE_S)
    assert [line["seq"] for line in pipe.finish()] == list(range(1, 51))
    assert log.lost_lines == 0


STUCK = """
import os, sys
from pathlib import Path
from service.telemetry.log import EventLog
from tests.guards.events.something import something
from tests.patience import wait_until

reader, writer = os.pipe()
path = Path(sys.argv[1])
log = EventLog("replica-1", "run-1", stdout=writer, path=path)
for _ in range(200):
    log.emit(something(filler="x" * 1000))
wait_until(lambda: path.exists() and path.read_bytes().count(b"\\n") == 200, "the file")
sys.exit(0 if log.close(0.2) else 3)
"""


def test_a_stuck_reader_does_not_keep_the_process_alive(path: Path) -> None:
    """A process whose stdout nobody reads says so at close, and exits with its file complete."""
    command = [sys.executable, "-c", STUCK, str(path)]
    done = subprocess.run(command, cwd=ROOT, timeout=PATIENCE_S, check=False)
    assert done.returncode == 3
    assert numbers(path) == list(range(1, 201))

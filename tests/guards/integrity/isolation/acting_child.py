"""A child that does what its jobs say: each is the name of a function here."""

from __future__ import annotations

import ctypes
import fcntl
import multiprocessing
import os
import pty
import resource
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from guards.integrity.isolation.child import answer_jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonMapping, JsonObject

__all__: list[str] = []


class PanicException(BaseException):
    """What a Rust library raises."""


def _take_memory() -> None:
    bytearray(100 * 1024**3)


def _take_memory_in_steps() -> None:
    kept = [bytearray(64 * 1024**2) for _ in range(32)]
    del kept


def _say_bad_alloc() -> None:
    message = "Failed to allocate memory for requested buffer of size 8589934592"
    raise RuntimeError(message)


def _die_of_memory() -> None:
    sys.stderr.write("memory allocation of 8589934592 bytes failed\n")
    os.abort()


def _take_time() -> None:
    while True:
        pass


def _wait() -> None:
    time.sleep(3600)


def _read_null() -> None:
    ctypes.string_at(0)


def _abort() -> None:
    sys.stderr.write("thread panicked at \x1b[2J\nthe last words\n")
    os.abort()


def _be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _end() -> None:
    os._exit(7)


def _exit() -> None:
    sys.exit(3)


def _panic() -> None:
    message = "a Rust library panicked"
    raise PanicException(message)


def _interrupt() -> None:
    raise KeyboardInterrupt


def _recurse() -> None:
    _recurse()


def _print() -> None:
    print("text of a document")  # noqa: T201 (a library prints)
    os.write(1, b"text of a document")
    os.write(2, b"text of a document")


def _ask() -> None:
    assert input("Do you wish to run the code? [y/N] ") == "y"


def _read_input() -> None:
    assert sys.stdin.read() == ""
    assert os.read(0, 1) == b""


def _write_file() -> None:
    with open("written", "wb", buffering=0) as file:  # noqa: PTH123 (plainly)
        file.write(b"x")


def _spawn_context() -> None:
    multiprocessing.get_context("spawn").Process(target=print).start()


def _forkserver_context() -> None:
    multiprocessing.get_context("forkserver").Process(target=print).start()


def _bind() -> None:
    with socket.socket() as socket_:
        socket_.bind(("127.0.0.1", 0))


def _send() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as socket_:
        socket_.sendto(b"x", ("127.0.0.1", 9))


def _fork_in_c() -> int:
    # As compiled code would, which raises no event; what is forked waits for good.
    pid: int = ctypes.PyDLL(None).fork()
    if not pid:
        signal.pause()
    return pid


def _complain() -> None:
    for _ in range(200):
        os.write(2, b"x" * 1024**2)


def _answer_at_length() -> None:
    # The pipe of the answers is the one that is no standard stream.
    for _ in range(1000):
        os.write(_answers(), b"x" * 65536)
    os.abort()


def _answers() -> int:
    for fd in range(3, 16):
        try:
            if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY:
                return fd
        except OSError:
            continue
    raise AssertionError


def _connect() -> None:
    with socket.socket() as socket_:
        socket_.connect(("127.0.0.1", 9))


ACTIONS: dict[str, Callable[[], object]] = {
    "answer": lambda: None,
    "take memory": _take_memory,
    "take memory in steps": _take_memory_in_steps,
    "say that memory is short": _say_bad_alloc,
    "die of memory": _die_of_memory,
    "take time": _take_time,
    "wait": _wait,
    "read null": _read_null,
    "abort": _abort,
    "be killed": _be_killed,
    "end": _end,
    "exit": _exit,
    "panic": _panic,
    "interrupt": _interrupt,
    "recurse": _recurse,
    "print": _print,
    "complain": _complain,
    "answer at length": _answer_at_length,
    "print of memory": lambda: os.write(2, b"MemoryError\n"),
    "ask": _ask,
    "read input": _read_input,
    "write a file": _write_file,
    "system": lambda: os.system("true"),  # noqa: S605
    "popen": lambda: subprocess.run(["true"], check=False),
    "fork": os.fork,
    "forkpty": os.forkpty,
    "fork in C": _fork_in_c,
    "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
    "posix_spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "pty": lambda: pty.spawn("true"),
    "spawn context": _spawn_context,
    "forkserver context": _forkserver_context,
    "bind": _bind,
    "send": _send,
    "connect": _connect,
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
}


def _act(work: JsonMapping) -> JsonObject:
    made = ACTIONS[work["action"]]()
    return {
        "pid": os.getpid(),
        "made": made if isinstance(made, int) else None,
        "processor_s": resource.getrlimit(resource.RLIMIT_CPU)[0],
    }


if __name__ == "__main__":
    answer_jobs(lambda _: None, _act)

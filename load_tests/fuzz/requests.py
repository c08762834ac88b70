"""Send drawn requests to a service with keys, and see that it stays what it is."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from load_tests.fuzz.bundles import make_bases
from load_tests.fuzz.report import Failure, Report
from load_tests.fuzz.request.drawing import DrawnRequest, draw_request
from load_tests.fuzz.request.judging import LogReader, open_bodies, what_is_wrong
from load_tests.fuzz.request.service import KEYS, Service, serving
from load_tests.fuzz.request.wire import exchange, opened

if TYPE_CHECKING:
    import socket

__all__ = ["fuzz_requests", "try_requests"]

_BATCH = 200
_MAX_S = 10.0
_PATIENCE_S = 0.1
_MAX_ALIVE_S = 2.0
_MAX_HELD_S = 120.0
_MAX_GROWTH_BYTES = 200_000_000
_SETTLED = 2000
"""The requests after which the memory of the service is compared with."""

_UNFINISHED = (
    b"POST /v1/classify HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{",
    b"POST /classify HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"GET /livez HTTP/1.1\r\nX-Never: ", b"", b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
)  # fmt: skip
"""What is sent on connections that are then left open."""


def fuzz_requests(minutes: float, seed: int, keep: Path) -> Report:
    """Try requests for so long; those that something went wrong with are kept."""
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        make_bases(scratch / "bases")
        champion = scratch / "bases" / "common" / "1"
        with serving(champion, scratch) as service:
            report = Report("requests", seed)
            held = [_left_open(service, index) for index in range(200)]
            held_since_s = time.monotonic()
            ends_s = held_since_s + minutes * 60
            settled_bytes = 0
            for first in count(0, _BATCH):
                try_requests(service, seed, range(first, first + _BATCH), report)
                report.print_progress()
                report.peak_bytes = max(report.peak_bytes, used := service.used_bytes())
                if not settled_bytes and first >= _SETTLED:
                    settled_bytes = used
                if time.monotonic() > ends_s:
                    break
            if settled_bytes and report.peak_bytes > settled_bytes + _MAX_GROWTH_BYTES:
                grown = f"memory grew from {settled_bytes} to {report.peak_bytes} bytes"
                report.add_failure(Failure(grown, {"seed": seed}))
            if time.monotonic() - held_since_s > _MAX_HELD_S:
                _check_closed(held, report)
    _keep(report, keep)
    return report


def try_requests(service: Service, seed: int, numbers: range, report: Report) -> None:
    """Send the requests of these numbers, and then see that the service is as it was."""
    public, logs = open_bodies(service), LogReader(service)
    [*logs.problems()]
    for number in numbers:
        request = draw_request(seed, number, KEYS)
        started_s = time.monotonic()
        try:
            answers = exchange(
                service.port,
                request.pieces,
                complete=request.complete,
                max_s=_MAX_S,
                patience_s=_PATIENCE_S,
            )
        except OSError as error:
            _fail(report, seed, request, f"no connection: {error}")
            break
        report.slowest_s = max(report.slowest_s, time.monotonic() - started_s)
        outcome = "closed" if not answers else str(answers[0].status)
        report.add(f"key {request.key}", outcome)
        if (wrong := what_is_wrong(request, answers, public)) is not None:
            _fail(report, seed, request, wrong)
    about = {"seed": seed, "numbers": f"{numbers.start} to {numbers.stop - 1}"}
    took_s = service.answers_in_s()
    if took_s is None or took_s > _MAX_ALIVE_S:
        report.add_failure(Failure(f"a good request took {took_s} s", about))
    for problem in logs.problems():
        report.add_failure(Failure(problem, about))


def _fail(report: Report, seed: int, request: DrawnRequest, what: str) -> None:
    about = {"seed": seed, "number": request.number, "key": request.key, "sent": request.shown}
    report.add_failure(Failure(what, about))


def _left_open(service: Service, index: int) -> socket.socket:
    connection = opened(service.port)
    connection.sendall(_UNFINISHED[index % len(_UNFINISHED)])
    return connection


def _check_closed(held: list[socket.socket], report: Report) -> None:
    """See that connections that never end were closed, or answered, by the service."""
    still = 0
    for connection in held:
        connection.settimeout(0.01)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            still += 1
        except OSError:
            pass
        with suppress(OSError):
            connection.close()
    if still:
        what = f"{still} of {len(held)} unfinished connections are open after {_MAX_HELD_S:g} s"
        report.add_failure(Failure(what, {"seed": report.seed}))


def _keep(report: Report, keep: Path) -> None:
    if report.failures:
        keep.mkdir(parents=True, exist_ok=True)
        failures = [{"what": one.what, **one.input} for one in report.failures]
        (keep / f"requests-{report.seed}.json").write_text(json.dumps(failures, indent=1))

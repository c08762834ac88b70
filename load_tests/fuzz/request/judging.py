"""Judge what a service answers to a drawn request, and what it writes to its logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from load_tests.fuzz.request.bodies import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from load_tests.fuzz.request.drawing import DrawnRequest
    from load_tests.fuzz.request.service import Service
    from load_tests.fuzz.request.wire import RawAnswer

__all__ = ["LogReader", "open_bodies", "what_is_wrong"]

_REFUSALS = frozenset({400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 421, 426, 429, 431})
"""What may be answered without a valid key."""

_TOO_LATE = 504
_SERVER = 500
_INFORMATIONAL = 100
_SWITCHING = 101
_SUCCESS = range(200, 300)
_TELLING = (b'"contract"', b'"court_filing"', b'"NDCA"', b'"sha256:', b"understudy_")
"""Labels, categories, fingerprints and figures: what answers to those who may know hold."""

_OPEN = ("/", "/livez", "/readyz", "/healthz")


def open_bodies(service: Service) -> frozenset[bytes]:
    """Return what everybody may see: the bodies of liveness, readiness and the page."""
    answers = [service.ask(f"GET {path} HTTP/1.1") for path in _OPEN]
    return frozenset({b"", *(answer.body for answer in answers if answer is not None)})


def what_is_wrong(
    request: DrawnRequest, answers: Sequence[RawAnswer] | None, public: frozenset[bytes]
) -> str | None:
    """Return what is wrong with the answers to a request, None where nothing is."""
    if answers is None:
        return "no answer, and the connection stays open"
    for index, answer in enumerate(answers):
        if answer.status >= _SERVER and answer.status != _TOO_LATE:
            return f"answered with {answer.status}"
        if answer.status == _SWITCHING:
            return "another protocol"
        # The key of a connection counts for its first request alone.
        key = request.key if index == 0 else "none"
        if key != "everything" and (wrong := _told_too_much(key, answer, public)):
            return wrong
    return None


def _told_too_much(key: str, answer: RawAnswer, public: frozenset[bytes]) -> str | None:
    if answer.body in public and answer.status in _SUCCESS:
        return None
    if key == "none" and answer.status not in _REFUSALS and answer.status > _INFORMATIONAL:
        return f"{answer.status} without a key: {answer.body[:80]!r}"
    told = [word for word in _TELLING if word in answer.body]
    if key != "operate" and told:
        return f"{told[0]!r} with the key {key}"
    return None


class LogReader:
    """Reads what a service has written since the last time."""

    def __init__(self, service: Service) -> None:
        """Start where its files are now."""
        self._service = service
        self._offsets = dict.fromkeys((service.output, service.errors, service.log), 0)

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the lines that were written since the last call."""
        for path, offset in self._offsets.items():
            with path.open("rb") as file:
                file.seek(offset)
                written = file.read()
            whole = written[: written.rfind(b"\n") + 1]
            self._offsets[path] += len(whole)
            for line in whole.decode(errors="backslashreplace").split("\n")[:-1]:
                yield from _problems(line, errors=path == self._service.errors)


def _problems(line: str, *, errors: bool) -> Iterator[str]:
    if MARKER in line:
        yield f"a log holds text of a body: {ascii(line)[:200]}"
    if "Traceback" in line:
        yield f"a traceback: {ascii(line)[:200]}"
    if not line.isprintable():
        yield f"a line that is not printable: {ascii(line)[:200]}"
    if not errors:
        try:
            json.loads(line)
        except ValueError:
            yield f"a line that is no JSON: {ascii(line)[:200]}"

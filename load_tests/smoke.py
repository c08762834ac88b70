"""Send a bounded number of documents to a running service and check that coverage balances.

Run it with ``python -m load_tests.smoke``. Exit codes: 0 every document was answered with 200 and
coverage balances; 1 it ran, and one of these does not hold; 2 the call was wrong, or no service
answers. Nothing else may send documents meanwhile, since their counts would be mixed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
import uuid
from contextlib import closing
from dataclasses import asdict, dataclass
from http import HTTPStatus
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from load_tests.documents import (
    DocumentsError,
    JsonObject,
    feature_schemas,
    generate_documents,
    read_documents,
)
from load_tests.loads import Load, closed
from load_tests.status import ServiceError, Status, get_json, read_status, wait_for_comparisons
from load_tests.wire import Connections, WireError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Report", "main"]

_RETRY_AFTER_S = 0.2
_MAX_ERROR_CHARS = 300


@dataclass(slots=True)
class Tally(Load):
    """A load that repeats what is refused with 429, and sends nothing after ``deadline_s``.

    ``outcomes`` counts each document once, by its last status, as ``"lost"`` with its connection,
    or as ``"not sent"`` when time was up. ``latencies_s`` are of last requests, without the waits
    before them. ``first_error`` describes the first document without a 200.
    """

    deadline_s: float = 0.0
    retries: int = 0
    first_error: str | None = None

    async def send(self, connections: Connections, request: bytes, planned_s: float) -> None:
        """Send one document, again after each 429 while there is time."""
        if planned_s >= self.deadline_s:
            self._add_error("not sent", "time was up")
            return
        while True:
            started_s = time.perf_counter()
            try:
                answer = await connections.send(request)
            except WireError as error:
                self._add_error("lost", str(error))
                return
            in_time = time.perf_counter() + _RETRY_AFTER_S < self.deadline_s
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS or not in_time:
                break
            self.retries += 1
            await asyncio.sleep(_RETRY_AFTER_S)
        if answer.ok:
            self.outcomes[str(answer.status)] += 1
            self.latencies_s.append(answer.arrived_s - started_s)
        else:
            self._add_error(str(answer.status), answer.body.decode(errors="replace"))

    def _add_error(self, outcome: str, message: str) -> None:
        self.outcomes[outcome] += 1
        if self.first_error is None:
            self.first_error = f"{outcome}: {' '.join(message.split())[:_MAX_ERROR_CHARS]}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent and answered, and what the service counted meanwhile."""

    documents: int
    tally: Tally
    counted: Status

    @property
    def imbalances(self) -> list[str]:
        """List what does not add up; empty when coverage balances."""
        return self.counted.imbalances(self.tally.answered)

    @property
    def passed(self) -> bool:
        """Whether every document was answered with 200 and coverage balances."""
        return self.tally.answered == self.documents and not self.imbalances

    def as_json(self) -> JsonObject:
        """Return the report as JSON; ``latency_ms`` is null without a 200."""
        tally = self.tally
        latency_ms = {f"p{part}": round(tally.percentile_ms(part), 1) for part in (50, 95, 99)}
        coverage = {name: asdict(part) for name, part in self.counted.coverage.items()}
        return {
            "documents": self.documents,
            "answered": tally.answered,
            "duration_s": round(tally.duration_s, 3),
            "documents_per_s": round(tally.rate, 2),
            "latency_ms": latency_ms if tally.answered else None,
            "errors": {name: n for name, n in sorted(tally.outcomes.items()) if name != "200"},
            "first_error": tally.first_error,
            "retries": tally.retries,
            "counted": self.counted.documents,
            "coverage": coverage.pop("total"),
            "challengers": coverage,
            "balanced": not self.imbalances,
            "imbalances": self.imbalances,
        }

    def as_table(self) -> str:
        """Return the report as lines for a terminal."""
        figures = self.as_json()
        latency_ms = figures["latency_ms"] or {}
        lines = {
            "documents": f"{figures['answered']} of {self.documents} answered",
            "seconds": f"{figures['duration_s']:.1f}",
            "documents/s": f"{figures['documents_per_s']:.1f}",
            "latency ms": "  ".join(f"{name} {ms:.1f}" for name, ms in latency_ms.items()) or "-",
            "errors": _counts(figures["errors"]),
            **({"": self.tally.first_error} if self.tally.first_error else {}),
            "retries": str(self.tally.retries),
        }
        for name, part in figures["challengers"].items():
            missed = _counts(part.pop("missed"))
            counts = ", ".join(f"{n} {what}" for what, n in part.items())
            lines[f"coverage {name}"] = f"{counts}, missed: {missed}"
        lines["balanced"] = "; ".join(["no", *self.imbalances]) if self.imbalances else "yes"
        width = max(map(len, lines))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    call = _parse(arguments)
    try:
        report = asyncio.run(_run(call))
    except (ServiceError, DocumentsError) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("smoke: interrupted", file=sys.stderr)
        return 130
    print(json.dumps(report.as_json()) if call.json else report.as_table())
    return 0 if report.passed else 1


async def _run(call: argparse.Namespace) -> Report:
    """Send the documents and wait for their comparisons.

    Raises ``ServiceError`` where the service does not answer at first, and ``DocumentsError``.
    """
    with closing(Connections(call.url, call.timeout_s)) as connections:
        before = await read_status(connections)
        documents = await _documents(connections, call)
        run = f"smoke-{uuid.uuid4().hex[:12]}"
        requests = [
            connections.post(
                "/v1/classify", {"documents": [{**document, "request_id": f"{run}-{number}"}]}
            )
            for number, document in enumerate(islice(cycle(documents), call.documents))
        ]
        tally = Tally(deadline_s=time.perf_counter() + call.timeout_s)
        await closed(connections, requests, call.documents, call.clients, tally)
        try:
            after = await wait_for_comparisons(
                connections, before.documents + tally.answered, call.timeout_s
            )
        except ServiceError as error:
            print(f"smoke: {error}", file=sys.stderr)
            after = before  # a service that went away counts nothing, and that does not balance
        return Report(call.documents, tally, after.since(before))


async def _documents(connections: Connections, call: argparse.Namespace) -> list[JsonObject]:
    if call.data is not None:
        return read_documents(call.data)
    schemas = feature_schemas(await get_json(connections, "/v1/openapi.json"))
    return generate_documents(call.documents, schemas)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.smoke",
        description="Send documents to a running service and check that coverage balances.",
        epilog="example: python -m load_tests.smoke --documents 500 --clients 8",
    )
    add = parser.add_argument
    add("--url", type=_address, default="http://127.0.0.1:3000", help="%(default)s")
    add("--documents", type=int, default=500, help="how many (%(default)s)")
    add("--clients", type=int, default=8, help="at once (%(default)s)")
    limit = "limit for sending, and again for the comparisons to finish (%(default)s)"
    add("--timeout-s", type=float, default=120.0, help=limit)
    add("--json", action="store_true", help="print one JSON document")
    own = "JSON Lines of documents of your own, as /v1/classify takes them; they repeat"
    add("--data", type=Path, metavar="FILE", help=own)
    call = parser.parse_args(arguments)
    if call.documents < 1 or call.clients < 1 or not 0 < call.timeout_s < math.inf:
        parser.error("--documents, --clients and --timeout-s are above 0")
    return call


def _address(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname or url.port == 0:
        raise ValueError(text)
    return text


if __name__ == "__main__":
    sys.exit(main())

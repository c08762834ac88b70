"""Send a bounded number of documents to a running service and check that coverage balances.

Run it with ``python -m load_tests.smoke``. Exit codes: 0 every document was answered with 200 and
coverage balances; 1 it ran, and one of these is not so; 2 the call was wrong, which includes that
no service answers. Nothing else may send documents meanwhile, since their counts would be mixed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

from load_tests.client import ServiceError, Tally, classify_all, get_json, open_client
from load_tests.coverage import Coverage, Status, read_status, wait_for_comparisons
from load_tests.documents import (
    TableError,
    feature_schemas,
    made_up,
    read_documents,
    with_request_ids,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Report", "main"]

_DONE = 0
_NOT_SO = 1
_WRONG_CALL = 2
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent and answered, and what the service counted meanwhile."""

    documents: int
    tally: Tally
    counted: Status

    @property
    def imbalances(self) -> list[str]:
        """Say what does not add up; empty when coverage balances."""
        return self.counted.imbalances(self.tally.answered)

    @property
    def passed(self) -> bool:
        """Say whether every document was answered with 200 and coverage balances."""
        return self.tally.answered == self.documents and not self.imbalances

    def as_json(self) -> dict[str, Any]:
        """Give the report as plain values; ``latency_ms`` is null without a 200."""
        tally, counted = self.tally, self.counted
        return {
            "documents": self.documents,
            "answered": tally.answered,
            "duration_s": round(tally.duration_s, 3),
            "documents_per_s": round(tally.answered / tally.duration_s, 2),
            "latency_ms": _percentiles_ms(tally.latencies_s),
            "errors": tally.errors,
            "first_error": tally.first_error,
            "retries": tally.retries,
            "counted": counted.documents,
            "challengers": {name: asdict(part) for name, part in counted.challengers.items()},
            "coverage": asdict(counted.total),
            "balanced": not self.imbalances,
            "imbalances": self.imbalances,
        }


def _percentiles_ms(latencies_s: Sequence[float]) -> dict[str, float] | None:
    if not latencies_s:
        return None
    p50, p95, p99 = np.percentile(latencies_s, (50, 95, 99)) * 1000
    return {"p50": round(p50, 1), "p95": round(p95, 1), "p99": round(p99, 1)}


def _table(report: Report) -> str:
    figures = report.as_json()
    latency = figures["latency_ms"] or {}
    lines = [
        ("documents", f"{figures['answered']} of {report.documents} answered"),
        ("seconds", f"{figures['duration_s']:.1f}"),
        ("documents/s", f"{figures['documents_per_s']:.1f}"),
        ("latency ms", "  ".join(f"{name} {ms:.1f}" for name, ms in latency.items()) or "-"),
        ("errors", _counts(report.tally.errors)),
        *([("", report.tally.first_error)] if report.tally.first_error else []),
        ("retries", str(report.tally.retries)),
        *(
            (f"coverage {name}", _coverage_line(part))
            for name, part in report.counted.challengers.items()
        ),
        ("balanced", "; ".join(["no", *report.imbalances]) if report.imbalances else "yes"),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def _coverage_line(part: Coverage) -> str:
    return (
        f"{part.eligible} eligible, {part.compared} compared, {part.pending} pending, "
        f"{part.spooled} spooled, missed: {_counts(part.missed)}"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    call = _parse(arguments)
    try:
        report = asyncio.run(_run(call))
    except (ServiceError, TableError) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return _WRONG_CALL
    except KeyboardInterrupt:
        print("smoke: interrupted", file=sys.stderr)
        return _INTERRUPTED
    print(json.dumps(report.as_json()) if call.json else _table(report))
    return _DONE if report.passed else _NOT_SO


async def _run(call: argparse.Namespace) -> Report:
    """Send the documents and wait for their comparisons.

    Raises ``ServiceError`` where the service does not answer at first, and ``TableError``.
    """
    async with open_client(call.url, call.clients, call.timeout_s) as client:
        before = await read_status(client)
        documents = with_request_ids(
            await _documents(client, call), call.documents, f"smoke-{uuid.uuid4().hex[:12]}"
        )
        tally = await classify_all(client, documents, call.clients, call.timeout_s)
        try:
            after = await wait_for_comparisons(
                client, before.documents + tally.answered, call.timeout_s
            )
        except ServiceError as error:
            print(f"smoke: {error}", file=sys.stderr)
            after = before  # a service that went away counts nothing, and that does not balance
        return Report(len(documents), tally, after.since(before))


async def _documents(client: httpx.AsyncClient, call: argparse.Namespace) -> list[dict[str, Any]]:
    if call.data is not None:
        return read_documents(call.data, call.text, call.numeric, call.categorical)
    return made_up(call.documents, feature_schemas(await get_json(client, "/v1/openapi.json")))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.smoke",
        description="Send documents to a running service and check that coverage balances.",
        epilog="example: python -m load_tests.smoke --documents 500 --clients 8",
    )
    parser.add_argument("--url", type=_url, default="http://127.0.0.1:3000", help="%(default)s")
    parser.add_argument("--documents", type=_count, default=500, help="how many (%(default)s)")
    parser.add_argument("--clients", type=_count, default=8, help="at once (%(default)s)")
    parser.add_argument(
        "--timeout-s",
        type=_seconds,
        default=120.0,
        help="limit for sending, and again for the comparisons to finish (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    table = parser.add_argument_group("documents of your own, repeated where they are too few")
    table.add_argument("--data", type=Path, metavar="TABLE", help="CSV or JSON Lines")
    for role in ("text", "numeric", "categorical"):
        table.add_argument(f"--{role}", action="append", default=[], metavar="COL")
    call = parser.parse_args(arguments)
    if (call.data is None) == bool(call.text):
        parser.error("--data and --text go together")
    if call.data is None and (call.numeric or call.categorical):
        parser.error("--numeric and --categorical name columns of --data")
    return call


def _url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if url.scheme not in {"http", "https"} or not url.host:
        message = f"{text!r} is no address such as http://127.0.0.1:3000"
        raise argparse.ArgumentTypeError(message)
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        message = f"{text!r} is not a whole number above 0"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        message = f"{text!r} is not a time above 0 seconds"
        raise argparse.ArgumentTypeError(message)
    return seconds


if __name__ == "__main__":
    sys.exit(main())

"""What a run of the smoke scenario says of services that behave, and of some that do not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from load_tests import smoke
from load_tests.wire import Connections
from tests.clock import Clock
from tests.patience import AGES_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonObject

ROOT = Path(__file__).parents[2]
COLUMNS = {
    "pages": {"type": ["number", "null"]},
    "court": {"type": ["string", "null"]},
    "branch": {"type": ["string", "null"], "examples": ["Riga", "Turku"]},
}


@dataclass
class SmallService:
    """Just enough of the contract; challenger ``docs/2`` misses every tenth comparison.

    ``earlier`` documents were answered before. The first ``refusals`` requests get a 429, and
    documents whose text is in ``invalid`` get a 422. Of the documents that come, ``uncounted`` are
    answered and not counted, and ``dropped`` comparisons are neither made nor missed. After them,
    the first ``slow_polls`` looks at the status show a
    comparison pending, or there is no status any more where it is ``short_lived``.
    """

    earlier: int = 0
    refusals: int = 0
    invalid: tuple[str, ...] = ()
    uncounted: int = 0
    dropped: int = 0
    slow_polls: int = 0
    short_lived: bool = False
    described: bool = True
    documents: list[JsonObject] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def openapi(self) -> JsonObject:
        """Describe the features, or nothing."""
        features = {"type": "object", "properties": COLUMNS}
        document = {"properties": {"text": {"type": "string"}, "features": features}}
        return {"components": {"schemas": {"Document": document} if self.described else {}}}

    def status(self) -> JsonObject | None:
        """Count what was answered."""
        if not self.documents:
            return _status(self.earlier)
        if self.short_lived:
            return None
        pending = min(1, self.slow_polls)
        self.slow_polls -= pending
        counted = self.earlier + len(self.documents) - self.uncounted
        return _status(counted, pending=pending, dropped=self.dropped)

    def classify(self, documents: list[JsonObject]) -> int:
        """Return the status of the answer."""
        if self.refusals > 0:
            self.refusals -= 1
            return 429
        if any(document["text"] in self.invalid for document in documents):
            return 422
        self.documents += documents
        return 200


def _status(documents: int, *, pending: int = 0, dropped: int = 0) -> JsonObject:
    missed = documents // 10
    coverage = {
        "eligible": documents,
        "compared": documents - missed - pending - dropped,
        "pending": pending,
        "spooled": 0,
        "missed": {"queue_full": missed},
    }
    challenger = {"name": "docs", "version": "2", "coverage": coverage}
    return {"documents": documents, "challengers": [challenger], "coverage": coverage}


@contextmanager
def served(service: SmallService) -> Iterator[str]:
    """Serve it on a free port and give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer, or delayed acknowledgements would take the time

        def do_GET(self) -> None:
            answers = {"/v1/openapi.json": service.openapi, "/v1/status": service.status}
            with service.lock:
                content = answers[self.path]()
            self.answer(503 if content is None else 200, content)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with service.lock:
                service.connections.add(self.client_address)
                status = service.classify(body["documents"])
            self.answer(status, {"error": {"code": "refused"}} if status != 200 else {})

        def answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@dataclass
class JammedService(SmallService):
    """It refuses every document, each 0.1 s after the one before on the scenario's clock."""

    clock: Clock = field(default_factory=Clock)

    def classify(self, documents: list[JsonObject]) -> int:
        """Return 429."""
        del documents
        self.clock.now += 0.1
        return 429


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let time pass for the scenario only when a test says so, and no pause of the machine."""
    clock = Clock(time.perf_counter() + AGES_S)
    monkeypatch.setattr(smoke, "time", clock)
    monkeypatch.setattr(smoke, "Connections", lambda url, _: Connections(url))
    return clock


def smoked(service: SmallService, *options: str) -> int:
    """Run a scenario of 40 documents from 4 clients and give the exit code."""
    with served(service) as url:
        return smoke.main(["--url", url, "--documents", "40", "--clients", "4", *options])


def test_a_balanced_run_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """The table has the throughput, the latency, no errors and the coverage, and the code is 0."""
    service = SmallService()

    assert smoked(service) == 0

    lines = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    figures = {name.strip(): value.strip() for name, value in lines.items()}
    assert list(figures) == [
        "documents",
        "seconds",
        "documents/s",
        "latency ms",
        "errors",
        "retries",
        "coverage docs/2",
        "balanced",
    ]
    assert figures["documents"] == "40 of 40 answered"
    assert figures["errors"] == "none"
    assert figures["coverage docs/2"] == (
        "40 eligible, 36 compared, 0 pending, 0 spooled, missed: queue_full 4"
    )
    assert figures["balanced"] == "yes"


def test_only_the_documents_of_this_run_count(capsys: pytest.CaptureFixture[str]) -> None:
    """What the service had counted before is not in the report, which is one JSON document."""
    assert smoked(SmallService(earlier=70), "--json") == 0

    report = json.loads(capsys.readouterr().out)
    assert report["counted"] == report["answered"] == report["documents"] == 40
    assert report["challengers"] == {"docs/2": report["coverage"]}
    assert report["coverage"] == {
        "eligible": 40,
        "compared": 36,
        "pending": 0,
        "spooled": 0,
        "missed": {"queue_full": 4},
    }
    assert report["balanced"] is True
    assert report["latency_ms"]["p50"] <= report["latency_ms"]["p95"] <= report["latency_ms"]["p99"]
    assert report["documents_per_s"] > 0


def test_every_document_is_sent_once_with_an_id_of_its_own() -> None:
    """Clients keep their connections, and the features have the kinds that were described."""
    service = SmallService()

    smoked(service)

    assert len({document["request_id"] for document in service.documents}) == 40
    assert len({document["text"] for document in service.documents}) == 40
    assert len(service.connections) < 10
    kinds = {name: type(value) for name, value in service.documents[0]["features"].items()}
    assert kinds == {"pages": int, "court": str, "branch": str}
    assert {sent["features"]["branch"] for sent in service.documents} == {"Riga", "Turku"}


def test_two_runs_send_the_same_texts_with_other_ids() -> None:
    """Documents are seeded; ids never come again, since labels are joined by them."""
    first, second = SmallService(), SmallService()

    smoked(first)
    smoked(second)

    texts = [{document["text"] for document in run.documents} for run in (first, second)]
    ids = [{document["request_id"] for document in run.documents} for run in (first, second)]
    assert texts[0] == texts[1]
    assert not ids[0] & ids[1]


def test_texts_have_about_seventy_words() -> None:
    """Half of the documents are shorter than 70 words or so, and lengths differ."""
    service = SmallService()

    smoked(service)

    shortest, *lengths, longest = sorted(len(sent["text"].split()) for sent in service.documents)
    assert 50 <= median(lengths) <= 90
    assert shortest < 40
    assert 120 < longest <= 400


def test_a_service_that_describes_no_features_gets_none() -> None:
    """Documents are text alone where the schema names no columns."""
    service = SmallService(described=False)

    assert smoked(service) == 0

    assert {frozenset(document) for document in service.documents} == {
        frozenset({"request_id", "text"})
    }


def test_pending_comparisons_are_waited_for() -> None:
    """A comparison that is still to come at first does not count against the service."""
    service = SmallService(slow_polls=2)

    assert smoked(service) == 0

    assert service.slow_polls == 0


def test_a_lost_comparison_is_an_imbalance(capsys: pytest.CaptureFixture[str]) -> None:
    """A comparison that was neither made nor missed fails the run, and the report says whose."""
    assert smoked(SmallService(dropped=1)) == 1

    assert "balanced         no; docs/2: 40 eligible, 39 accounted for" in capsys.readouterr().out


@pytest.mark.usefixtures("clock")
def test_an_uncounted_document_is_an_imbalance(capsys: pytest.CaptureFixture[str]) -> None:
    """The service must count exactly what it answered; waiting for the rest is bounded."""
    assert smoked(SmallService(uncounted=3), "--json", "--documents=4", "--timeout-s=1") == 1

    report = json.loads(capsys.readouterr().out)
    assert report["balanced"] is False
    assert report["imbalances"] == ["4 documents answered, the service counts 1"]


def test_a_service_that_goes_away_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """What was answered is reported, one line says why nothing balances, and the code is 1."""
    assert smoked(SmallService(short_lived=True), "--json") == 1

    output = capsys.readouterr()
    assert json.loads(output.out)["answered"] == 40
    assert json.loads(output.out)["balanced"] is False
    assert "answered 503 to GET /v1/status" in _one_line(output.err)


def test_a_full_queue_is_retried(capsys: pytest.CaptureFixture[str]) -> None:
    """Each 429 is one retry, and the document is answered in the end."""
    service = SmallService(refusals=5)

    assert smoked(service, "--json") == 0

    report = json.loads(capsys.readouterr().out)
    assert report["retries"] == 5
    assert report["errors"] == {}
    assert len(service.documents) == 40


def test_retrying_ends_with_the_time(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """A queue that stays full is no reason to wait for ever."""
    assert smoked(JammedService(clock=clock), "--json", "--timeout-s=1") == 1

    report = json.loads(capsys.readouterr().out)
    assert report["errors"] == {"429": 40}
    assert report["retries"] > 0
    assert report["latency_ms"] is None
    assert report["balanced"] is True


def test_refused_documents_fail_the_run_with_their_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Errors are counted by status with what the first one was told, and coverage may balance."""
    file = tmp_path / "documents.jsonl"
    file.write_text('{"text": "good"}\n{"text": "bad"}\n')
    service = SmallService(invalid=("bad",))

    assert smoked(service, "--data", str(file), "--json") == 1

    report = json.loads(capsys.readouterr().out)
    assert report["answered"] == 20
    assert report["errors"] == {"422": 20}
    assert report["first_error"] == '422: {"error": {"code": "refused"}}'
    assert report["balanced"] is True


def test_documents_come_from_a_file(tmp_path: Path) -> None:
    """They are sent as they are, but for ids of their own, and start over at the end."""
    file = tmp_path / "documents.jsonl"
    own: list[JsonObject] = [{"text": "a", "features": {"pages": 1.5}}, {"text": "b"}]
    file.write_text("\n".join(json.dumps({"request_id": "x", **document}) for document in own))
    service = SmallService()

    assert smoked(service, "--data", str(file)) == 0

    assert len({document.pop("request_id") for document in service.documents}) == 40
    assert sorted(service.documents, key=str) == sorted(own * 20, key=str)


@pytest.mark.parametrize(
    ("content", "told"),
    [("text,pages\na,1\n", "not JSON Lines"), ("\n", "no documents"), (None, "No such file")],
)
def test_a_file_that_does_not_serve_is_a_wrong_call(
    content: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what is wrong with the file, and nothing is sent."""
    file = tmp_path / "documents.jsonl"
    if content is not None:
        file.write_text(content)
    service = SmallService()

    assert smoked(service, "--data", str(file)) == 2

    assert told in _one_line(capsys.readouterr().err)
    assert service.documents == []


def test_an_unreachable_service_is_a_wrong_call() -> None:
    """The real command says so in one line and exits 2, with nothing on stdout."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # held, and never listened on
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "load_tests.smoke", "--url", url, "--json"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert _one_line(ended.stderr).startswith(f"smoke: {url}")
    assert "not reachable" in ended.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--url", "127.0.0.1:3000"],
        ["--documents", "0"],
        ["--timeout-s", "nan"],
        ["--clients", "few"],
    ],
)
def test_a_wrong_option_is_a_wrong_call(options: list[str]) -> None:
    """Options that make no sense exit 2 before anything is asked of a service."""
    with pytest.raises(SystemExit) as ended:
        smoke.main(options)

    assert ended.value.code == 2


def _one_line(output: str) -> str:
    (line,) = output.splitlines()
    return line

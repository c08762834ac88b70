"""A running service: what a client, an operator and the log see."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from artifacts.bundle.opening import open_bundle
from guards.events.drift_window import DriftWindow
from guards.events.reading import LogAccount, LogReader
from guards.events.request_observed import RequestObserved
from guards.events.service_events import ServiceStopped
from guards.evidence.coverage import Coverage
from tests.patience import PATIENCE_S, wait_until
from tests.serving.server import (
    REPOSITORY,
    UNDERSTUDY,
    Server,
    has_ipv6,
    serving,
    skip_without_ipv6,
)
from tests.windows import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from guards.json_types import JsonObject


@pytest.fixture(scope="module")
def services(
    accelerated: Path, challenger: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Server]]:
    """Return a function that starts a service with a challenger, unless one is running.

    It listens on every address, of IPv6 too where the machine has it.
    """
    # Relative, as paths may be: the worker has another directory than who starts it.
    bundles = ("--champion", os.path.relpath(accelerated), "--challenger", str(challenger))
    host = "::" if has_ipv6() else "0.0.0.0"  # noqa: S104 (for the length of these tests)
    command = (*UNDERSTUDY, "serve", *bundles, "--host", host)
    started: list[Server] = []
    with contextlib.ExitStack() as stack:

        def running() -> Server:
            if not started or started[-1].process.poll() is not None:
                log = tmp_path_factory.mktemp("serving") / "log.jsonl"
                service = serving(command, log, FLUSH_SECONDS="0.5", SHADOW_DRAIN_S="60")
                started.append(stack.enter_context(service))
            return started[-1]

        yield running


@pytest.fixture
def server(services: Callable[[], Server]) -> Server:
    """Return a running service, which several tests share until one stops it."""
    return services()


def test_documents_are_answered_compared_and_counted(
    server: Server, documents: list[JsonObject]
) -> None:
    """Each document has one log line with both observations, and stands in one window."""
    before = server.status()["documents"]
    for start in range(0, 60, 4):
        response = server.classify(documents[start : start + 4])
        assert response.status_code == 200
        assert [p["request_id"] for p in response.json()["predictions"]] == [
            d["request_id"] for d in documents[start : start + 4]
        ]
    status = server.wait_until_compared()
    wait_until(lambda: server.status()["flushed_documents"] == status["documents"], "the flush")
    sent = {document["request_id"] for document in documents[:60]}
    lines = [line for line in server.observed(before + 60) if line["request_id"] in sent]
    assert status["documents"] == before + 60
    assert Counter(line["request_id"] for line in lines) == Counter(sent)
    assert {line["challengers"][0]["status"] for line in lines} == {"ok"}
    wait_until(lambda: _flushed(server) == status["documents"], "the window's line")
    windows = server.events("drift.window")
    assert (
        sum(sum(w["counts"]["features"]["pages"]["counts"]) for w in windows)
        + sum(w["counts"]["features"]["pages"]["missing"] for w in windows)
        == (status["documents"])
    )


def test_status_agrees_with_the_log(
    server: Server, challenger: Path, documents: list[JsonObject]
) -> None:
    """Who runs, and means, agreement and coverage in the status are those of the log's lines."""
    server.classify(documents[60:70])
    status = server.wait_until_compared()
    lines = server.observed(status["documents"])
    answers = [line["challengers"][0] for line in lines]
    compared = [answer for answer in answers if answer["status"] == "ok"]
    champion = [line["champion"]["confidence"] for line in lines]
    (shown,) = status["challengers"]
    assert (shown["name"], shown["version"], shown["state"]) == ("docs", "2", "ready")
    assert shown["fingerprint"] == open_bundle(challenger).manifest.fingerprint
    assert status["documents"] == len(lines)
    assert status["confidence"] == pytest.approx(sum(champion) / len(champion))
    assert shown["agreement"] == pytest.approx(sum(c["agree"] for c in compared) / len(compared))
    assert shown["confidence"] == pytest.approx(
        sum(c["confidence"] for c in compared) / len(compared)
    )
    coverage = shown["coverage"]
    assert coverage == status["coverage"]
    assert coverage["compared"] == len(compared)
    assert coverage["eligible"] == coverage["compared"] + sum(coverage["missed"].values())


def test_bentoml_client_gets_the_same_answer(server: Server, documents: list[JsonObject]) -> None:
    """BentoML's own client calls the native route and gets the list of predictions."""
    program = (
        "import bentoml, json, sys\n"
        "with bentoml.SyncHTTPClient(sys.argv[1]) as client:\n"
        "    print(json.dumps(client.classify(documents=json.loads(sys.argv[2]))))\n"
    )
    command = (sys.executable, "-c", program, str(server.client.base_url))
    answer = subprocess.run(
        [*command, json.dumps(documents[70:72])], capture_output=True, text=True, check=True
    )
    native = json.loads(answer.stdout)
    direct = server.classify(documents[70:72]).json()["predictions"]
    assert [p["label"] for p in native] == [p["label"] for p in direct]
    assert native[0]["probabilities"] == pytest.approx(direct[0]["probabilities"])


def test_system_routes_answer(server: Server) -> None:
    """Health, metrics, the interface's description and the page are there."""
    for path in ("/livez", "/readyz", "/healthz", "/metrics", "/v1/openapi.json", "/"):
        assert server.client.get(path).status_code == 200, path
    assert "understudy_documents_total" in server.client.get("/metrics").text


def test_an_address_of_ipv6_is_listened_on(server: Server) -> None:
    """The host ``::`` is every address of the machine, those of IPv4 included."""
    skip_without_ipv6()
    assert httpx.get(f"http://[::1]:{server.port}/readyz", timeout=PATIENCE_S).status_code == 200


def test_bentomls_own_pages_are_not_there(server: Server) -> None:
    """Its client needs the schema of the native API, and nothing needs the rest."""
    assert server.client.get("/schema.json").json()["routes"][0]["route"] == "/classify"
    for path in ("/docs.json", "/static_content/index.css", "/classify%0A"):
        assert server.client.get(path).status_code == 404, path
        assert server.client.post(path).status_code == 404, path


def test_standard_output_is_one_event_a_line(server: Server) -> None:
    """Whoever collects standard output finds JSON alone, numbered without gaps."""
    lines = [json.loads(line) for line in list(server.output)]
    assert lines[0]["event"] == "service.started"
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))


def test_the_start_says_what_serves_and_why(server: Server) -> None:
    """Engines were measured on this machine, the fastest serves, and the columns are compiled."""
    (started,) = server.events("service.started")
    engine = started["engine"]
    milliseconds = engine["milliseconds"]
    fastest = min(milliseconds, key=milliseconds.__getitem__)
    assert {*milliseconds} == {"torch", "onnx-int8"}
    assert engine["name"] == fastest == started["champion"]["engine"]
    assert server.status()["champion"]["engine"] == engine["name"]
    assert started["columns"] == "compiled"


def test_native_route_never_logs_the_body(server: Server) -> None:
    """A body that is not JSON, or does not fit, leaves no trace of its text anywhere."""
    private = "a-very-private-sentence"
    for route in ("/classify", "/v1/classify"):
        assert server.client.post(route, content=f'{{"{private}').status_code == 400
        body = {"documents": [{"text": [private]}]}
        assert server.client.post(route, json=body).status_code == 422
        assert server.classify([{"text": private}]).status_code == 200
    server.observed(server.wait_until_compared()["documents"])
    everything = "".join([*server.output, *server.complaints, server.log.read_text()])
    assert private not in everything


def test_oversized_body_is_refused_before_it_is_read(server: Server) -> None:
    """A body that announces too much is answered with 413 while most of it is unsent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        connection.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n{"
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")


def test_challenger_gets_what_the_champion_leaves(server: Server) -> None:
    """A busy process beside the champion in its session leaves the challenger next to nothing."""
    (challenger,) = server.status()["challengers"]
    assert challenger["priority"] == "idle"
    pid = challenger["pid"]
    assert os.getsid(pid) == os.getsid(_parent(pid))
    policies = {
        os.sched_getscheduler(int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir()
    }
    assert policies == {os.SCHED_IDLE}


def test_killed_challenger_costs_no_request(server: Server, documents: list[JsonObject]) -> None:
    """SIGKILL of the challenger under load: every request is answered, and it comes back."""
    (challenger,) = server.status()["challengers"]
    pid, restarts = challenger["pid"], challenger["restarts"]
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(server.classify, [document]) for document in documents]
        wait_until(lambda: sum(answer.done() for answer in answers) > 50, "some answers")
        os.kill(pid, signal.SIGKILL)
        statuses = Counter(answer.result().status_code for answer in answers)
    assert statuses == {200: len(documents)}
    assert server.client.get("/readyz").status_code == 200
    wait_until(lambda: server.status()["challengers"][0]["restarts"] > restarts, "the restart")
    status = server.wait_until_compared()
    (challenger,) = status["challengers"]
    assert challenger["pid"] != pid
    coverage = challenger["coverage"]
    missed = coverage["missed"]
    assert coverage["eligible"] == status["documents"]
    assert coverage["eligible"] == coverage["compared"] + sum(missed.values())
    assert set(missed) <= {"challenger_down"}
    lines = server.observed(status["documents"])
    assert len(lines) == status["documents"]
    lost = [line for line in lines if line["challengers"][0]["status"] != "ok"]
    assert len(lost) == missed.get("challenger_down", 0)


def test_a_hang_up_changes_nothing(server: Server, documents: list[JsonObject]) -> None:
    """A terminal that is closed, or an old habit: every process goes on, and so does the run."""
    before = server.status()
    supervisor = psutil.Process(server.process.pid)
    processes = [supervisor, *supervisor.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGHUP)
        assert server.classify(documents[:1]).status_code == 200
    after = server.wait_until_compared()
    assert all(process.is_running() for process in processes)
    assert after["run"] == before["run"]
    for key in ("pid", "restarts"):
        assert after["challengers"][0][key] == before["challengers"][0][key]


def test_port_in_use_is_one_line(server: Server, champion: Path) -> None:
    """A second service on the same port says so, and exits 2."""
    command = (*UNDERSTUDY, "serve", "--champion", str(champion), "--port", str(server.port))
    answer = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert answer.returncode == 2
    assert "in use" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_smoke_scenario_balances(server: Server) -> None:
    """The load scenario finds every document answered and accounted for."""
    command = (sys.executable, "-m", "load_tests.smoke", "--url", str(server.client.base_url))
    answer = subprocess.run(
        [*command, "--documents", "40", "--json", "--timeout-s", str(PATIENCE_S)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["balanced"]


def test_stop_under_load_loses_nothing(server: Server, documents: list[JsonObject]) -> None:
    """SIGTERM under load: readiness first, every accepted request answered, coverage balanced.

    While the challenger hangs, whoever kills the service then loses nothing but comparisons.
    """
    wait_until(lambda: server.status()["challengers"][0]["state"] == "ready", "the challenger")
    pid = server.status()["challengers"][0]["pid"]
    # The stop is not over before the challenger goes on, however late a test looks.
    os.kill(pid, signal.SIGSTOP)
    load = _Load(server, documents)
    wait_until(lambda: len(load.answered) > 20, "some answers")
    server.process.terminate()
    # A balancer sees that the service is about to stop while it still answers.
    assert _first_unready(server) == 503
    wait_until(lambda: len(server.events("service.stopping")) == 2, "the account of what is known")
    shutil.copy(server.log, killed := server.log.with_name("killed.jsonl"))
    os.kill(pid, signal.SIGCONT)
    server.process.wait(PATIENCE_S)
    load.join()
    assert server.process.returncode == 0
    assert not Path(f"/proc/{pid}").exists()
    assert set(load.refused) <= {503}
    assert load.broken == 0
    reader = LogReader([server.log])
    events = [line.event for line in reader]
    # Windows may be written in parts.
    assert reader.account == LogAccount(lines=len(server.log.read_bytes().splitlines()))
    observed = [event for event in events if isinstance(event, RequestObserved)]
    sent = {*load.answered}
    found = Counter(event.request_id for event in observed if event.request_id in sent)
    assert found == Counter(load.answered)
    _assert_all_is_known(killed, observed)
    (stopped,) = (event for event in events if isinstance(event, ServiceStopped))
    assert stopped.observed == stopped.flushed == len(observed)
    assert stopped.coverage.pending == 0
    assert stopped.coverage.balanced
    windows = [event for event in events if isinstance(event, DriftWindow)]
    assert sum(window.documents for window in windows) == len(observed)
    assert server.output[-1] == server.log.read_text().splitlines(keepends=True)[-1]


def _assert_all_is_known(killed: Path, observed: Sequence[RequestObserved]) -> None:
    """Compare a log that ends before the stop has with the documents that were answered in all."""
    lines = [json.loads(line) for line in killed.read_text().splitlines()]
    documents = [line for line in lines if line["event"] == "request.observed"]
    assert [line["request_id"] for line in documents] == [one.request_id for one in observed]
    statuses = Counter(line["challengers"][0]["status"] for line in documents)
    assert statuses["pending"] > 0
    windows = joined([line for line in lines if line["event"] == "drift.window"])
    assert sum(window["window"]["documents"] for window in windows) == len(observed)
    account = [line for line in lines if line["event"] == "service.stopping"][-1]
    assert account["observed"] == account["flushed"] == len(observed)
    assert account["coverage"]["pending"] == statuses["pending"]
    assert Coverage.from_json(account["coverage"]).balanced


class _Load:
    """Sends documents in a few threads until the service cannot be connected to any more."""

    def __init__(self, server: Server, documents: list[JsonObject]) -> None:
        self.answered: list[str] = []
        self.refused: list[int] = []
        self.broken = 0
        self._url = str(server.client.base_url)
        self._documents = documents
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(4)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        with httpx.Client(base_url=self._url, timeout=PATIENCE_S) as client:
            for count in range(100_000):
                document = self._documents[count % len(self._documents)]
                request_id = f"load-{number}-{count}"
                body = {"documents": [{**document, "request_id": request_id}]}
                try:
                    response = client.post("/v1/classify", json=body)
                except httpx.ConnectError:
                    return
                except httpx.TransportError:
                    self.broken += 1
                    return
                if response.status_code == 200:
                    self.answered.append(request_id)
                else:
                    self.refused.append(response.status_code)


def _flushed(server: Server) -> int:
    return sum(line["window"]["documents"] for line in server.events("drift.window"))


def _first_unready(server: Server) -> int | None:
    """Return what readiness answers first once it is not 200; None where nothing answers."""
    statuses: list[int | None] = [200]

    def unready() -> bool:
        statuses.append(_readiness(server))
        return statuses[-1] != 200

    wait_until(unready, "unreadiness")
    return statuses[-1]


def _readiness(server: Server) -> int | None:
    try:
        return server.client.get("/readyz").status_code
    except httpx.TransportError:
        return None


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

"""A service with a bundle that is refused never opens its port."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING

import httpx
import joblib
import psutil
import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.bundle.sealed_columns import estimator_of
from artifacts.training.columns import fit_columns
from service.exit_codes import ExitCode
from service.lifecycle.preflight import check_bundles, refusals
from service.lifecycle.roles import JUDGED, handed_over, judge_roles
from service.settings import Settings
from tests.faults.resealing import dumped, edit_json, edit_manifest, reseal
from tests.faults.signing import make_keys, sign_bundle
from tests.patience import PATIENCE_S, wait_until
from tests.service.http.endpoint import running
from tests.serving.server import (
    BENTOML,
    UNDERSTUDY,
    Server,
    free_port,
    port_is_open,
    read_log,
    serving,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.tables import Table

    Copy = Callable[[Path], Path]

REFUSED = 78
COMMANDS = {
    "understudy": (*UNDERSTUDY, "serve"),
    "bentoml": (*BENTOML, "serve", "--host", "127.0.0.1"),
}


@pytest.fixture
def refitted(copied: Callable[[Path], Path], small_table: Table) -> Callable[[Path], Path]:
    """Return a function that copies a bundle and fits its columns again, on other rows."""

    def refit(bundle: Path) -> Path:
        damaged = copied(bundle)
        preprocessing = open_bundle(damaged).preprocessing
        rows = preprocessing.canonical(small_table.documents[:100])
        columns = fit_columns(preprocessing.schema, rows)
        joblib.dump(estimator_of(columns), damaged / "preprocessing" / "columns.joblib")
        return damaged

    return refit


@pytest.mark.parametrize(
    ("command", "role"), [("understudy", "champion"), ("bentoml", "challenger")]
)
def test_refitted_scaler_keeps_the_port_closed(  # noqa: PLR0913, PLR0917 - both bundles
    command: str,
    role: str,
    champion: Path,
    challenger: Path,
    refitted: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    """Both commands exit 78, say which value changed, and never listen."""
    bundles = {"champion": champion, "challenger": challenger}
    bundles[role] = refitted(bundles[role])
    port = free_port()
    opened: list[bool] = []
    with serving(
        COMMANDS[command],
        tmp_path / "log.jsonl",
        port=port,
        wait=False,
        CHAMPION=str(bundles["champion"]),
        CHALLENGERS=str(bundles["challenger"]),
    ) as server:
        watcher = threading.Thread(target=_watch, args=(server.process, port, opened))
        watcher.start()
        assert server.process.wait(PATIENCE_S) == REFUSED
        watcher.join()
    assert not any(opened)
    (refusal,) = server.events("guard.refused")
    assert refusal["role"] == role
    changed = {finding["subject"]: finding for finding in refusal["findings"]}
    mean = changed["pages.mean_"]
    assert mean["code"] == "preprocessing_changed"
    assert float(mean["expected"]) != float(mean["observed"])
    complaint = "".join(server.complaints)
    assert f"understudy: {role} refused" in complaint
    assert "Traceback" not in complaint


def test_optional_challengers_are_left_out(
    champion: Path,
    challenger: Path,
    copied: Copy,
    refitted: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    """With CHALLENGER_OPTIONAL the champion serves alone and the same findings are logged.

    Nor does a manifest that nobody would finish to read keep it from that, nor one without the
    signature that is required, which the champion has.
    """
    keys = make_keys(tmp_path, "ours")
    signed, changed = copied(champion), tmp_path / "signed" / "docs" / "3"
    shutil.copytree(challenger, changed)
    for bundle in (signed, changed):
        sign_bundle(bundle, keys)
    damaged = refitted(changed)
    waiting, deep = tmp_path / "waiting" / "1", tmp_path / "deep" / "2"
    for hostile in (waiting, deep):
        hostile.mkdir(parents=True)
    os.mkfifo(waiting / "manifest.json")
    (deep / "manifest.json").write_text("[" * 200_000)
    settings = Settings(
        champion=str(signed),
        challengers=tuple(map(str, (damaged, waiting, deep, challenger))),
        challenger_optional=True,
        signature_keys=(str(keys.public),),
        log_file=tmp_path / "log.jsonl",
        replica="here",
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(JUDGED, raising=False)
        assert check_bundles(settings) == ExitCode.DONE
        judgements = handed_over(settings)
    assert judgements is not None
    with running(settings, judged=judgements) as endpoint:
        challengers = endpoint.client.get("/v1/status").json()["challengers"]
        assert endpoint.classify({"request_id": "one", "text": "an invoice"}).status_code == 200
        assert endpoint.runtime.ready

    assert [(one["state"], one["pid"]) for one in challengers] == [("refused", None)] * 4
    assert [(one["name"], one["version"]) for one in challengers[1:]] == [
        ("waiting", "1"),
        ("deep", "2"),
        ("docs", "2"),
    ]
    events = read_log(tmp_path / "log.jsonl")
    refusals = [event for event in events if event["event"] == "guard.refused"]
    assert [refusal["role"] for refusal in refusals] == ["challenger"] * 4
    (changed_part,) = refusals[0]["findings"]
    assert changed_part["subject"] == "preprocessing/columns.joblib"
    codes = [refusal["findings"][0]["code"] for refusal in refusals[1:]]
    assert codes == ["part_is_a_link", "manifest_invalid", "signature_missing"]
    (line,) = (event for event in events if event["event"] == "request.observed")
    assert [one["status"] for one in line["challengers"]] == ["missed"] * 4
    (started,) = (event for event in events if event["event"] == "service.started")
    assert "wall_time" in started["guard"]["limits"]


def _flip(bundle: Path) -> None:
    weights = bundle / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")


def _run_code(bundle: Path) -> None:
    reseal(bundle, {"preprocessing/columns.joblib": dumped(print)})


def _rename_labels(bundle: Path) -> None:
    edit_json(bundle, "model/config.json", lambda config: config.update(id2label={"0": "x"}))


def _widen(bundle: Path) -> None:
    edit_json(bundle, "model/config.json", lambda config: config.update(columns_width=1))


def _forget_a_class(bundle: Path) -> None:
    edit_json(bundle, "reference.json", lambda reference: reference["calibration"].popitem())


def _cut_shorter(bundle: Path) -> None:
    edit_manifest(bundle, lambda manifest: manifest["text"].update(max_length=9))


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (shutil.rmtree, "bundle_missing"),
        (_flip, "part_changed"),
        (_run_code, "unpickling_refused"),
        (_rename_labels, "labels_changed"),
        (_widen, "width_mismatch"),
        (_forget_a_class, "reference_mismatch"),
        (_cut_shorter, "preprocessing_changed"),
    ],
)
def test_faulty_challenger_is_judged_like_a_champion(
    champion: Path,
    challenger: Path,
    copied: Copy,
    damage: Callable[[Path], None],
    code: str,
) -> None:
    """Whatever is wrong with a challenger's bundle is found before the start, by the same code."""
    damaged = copied(challenger)
    damage(damaged)

    (refusal,) = refusals(
        judge_roles(Settings(champion=str(champion), challengers=(str(damaged),)))
    )

    role, refused = refusal
    assert role == "challenger"
    assert code in {finding.code for finding in refused.findings}
    ((role, refused),) = refusals(judge_roles(Settings(champion=str(damaged))))
    assert role == "champion"
    assert code in {finding.code for finding in refused.findings}


def test_bundle_swapped_after_the_check_is_never_served(
    champion: Path,
    refitted: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    """A worker that finds other bytes than the preflight did answers nothing and stops with 78."""
    damaged = refitted(champion)
    served = tmp_path / "served"
    shutil.copytree(champion, served)
    command = (*UNDERSTUDY, "serve", "--champion", str(served))
    answers: list[int | None] = []
    with serving(command, tmp_path / "log.jsonl", wait=False) as server:
        # It is started after the preflight, and imports libraries first.
        wait_until(lambda: _worker(server) is not None, "the worker", pause_s=0.01)
        worker = _worker(server)
        assert worker is not None
        worker.suspend()
        served.rename(tmp_path / "aside")
        damaged.rename(served)
        worker.resume()
        wait_until(lambda: _stopped(server, answers), "the stop")
        assert server.process.returncode == REFUSED
    assert 200 not in answers
    (refusal,) = server.events("guard.refused")
    assert refusal["findings"]


def _watch(process: subprocess.Popen[str], port: int, opened: list[bool]) -> None:
    while process.poll() is None:
        opened.append(port_is_open(port))
        time.sleep(0.02)


def _worker(server: Server) -> psutil.Process | None:
    """Return the worker's process, once there is one."""
    for child in psutil.Process(server.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "_bentoml_impl.worker.service" in child.cmdline():
                return child
    return None


def _stopped(server: Server, answers: list[int | None]) -> bool:
    """Ask for one more answer, and tell whether the service is gone."""
    with contextlib.suppress(httpx.TransportError):
        answers.append(server.classify([{"text": "x"}]).status_code)
    return server.process.poll() is not None


def test_a_log_file_that_cannot_be_written_is_a_wrong_call(champion: Path, tmp_path: Path) -> None:
    """Events that nobody could read are told before the start, in one line, with exit code 2."""
    command = (*UNDERSTUDY, "serve", "--champion", str(champion))
    with serving(command, tmp_path, wait=False) as server:
        assert server.process.wait(PATIENCE_S) == 2
    assert "cannot be written" in server.complaints[-1]
    assert "Traceback" not in "".join(server.complaints)


def test_documents_are_not_logged_by_way_of_a_link(champion: Path, tmp_path: Path) -> None:
    """Whoever puts a link at the path of the log file does not choose where documents go."""
    link, target = tmp_path / "log.jsonl", tmp_path / "target"
    link.symlink_to(target)
    command = (*UNDERSTUDY, "serve", "--champion", str(champion), "--log-file", str(link))
    with serving(command, tmp_path / "unused", wait=False, CAPTURE="all") as server:
        assert server.process.wait(PATIENCE_S) == 2
    assert "it is a link, and CAPTURE writes documents to it" in server.complaints[-1]
    assert not target.exists()

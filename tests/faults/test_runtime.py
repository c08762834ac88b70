"""A preprocessing that is changed while it serves."""

from __future__ import annotations

import functools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.opening import open_bundle
from artifacts.bundle.sealed_columns import estimator_of
from service.lifecycle.runtime import Runtime
from service.settings import Settings
from tests.patience import PATIENCE_S
from tests.service.http.endpoint import Endpoint, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from artifacts.bundle.preprocessing import Preprocessing
    from guards.json_types import JsonObject
    from service.lifecycle.assembly import Champion

RECHECK_S = 0.01
DOCUMENT = {"text": "The motion is denied.", "features": {"pages": 3, "amount": 1, "court": "NDCA"}}


def scaler_of(preprocessing: Any) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    """Return the scaler behind the face."""
    return estimator_of(preprocessing.columns).named_transformers_["numeric"]["scale"]


def tokenizer_of(preprocessing: Preprocessing) -> Any:  # noqa: ANN401 (any method of the library's)
    """Climb over the face to the library's tokenizer."""
    return object.__getattribute__(preprocessing.tokenizer, "_tokenizer")


def champion_of(endpoint: Endpoint) -> Champion:
    """Return the champion that serves."""
    assert endpoint.runtime.champion is not None
    return endpoint.runtime.champion


def events(endpoint: Endpoint, name: str) -> list[JsonObject]:
    """Read the log's events of one name."""
    lines = map(json.loads, endpoint.log.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line["event"] == name]


def change_mean(preprocessing: Preprocessing) -> None:
    """Make an array writable again, and the one that it is a view of, and write to it."""
    means = scaler_of(preprocessing).mean_
    owner = means if means.base is None else means.base
    owner.flags.writeable = means.flags.writeable = True
    means[0] = 45.5


def change_frame(preprocessing: Preprocessing) -> None:
    """Put a number where the columns were fitted on a missing value."""
    assert preprocessing.columns is not None
    object.__setattr__(preprocessing.columns.column_inputs.columns[0], "missing", 0.0)


def change_schema(preprocessing: Preprocessing) -> None:
    """Rename a category that the encoder knows."""
    court = preprocessing.schema.categorical[0]
    object.__setattr__(court, "categories", ("Mars", *court.categories[1:]))


def change_special_tokens(preprocessing: Preprocessing) -> None:
    """Set what no file of a tokenizer says."""
    tokenizer_of(preprocessing).encode_special_tokens = True


def make_incomparable(preprocessing: Preprocessing) -> None:
    """Leave something there that nobody can compare."""
    scaler_of(preprocessing).left_ = object()


@pytest.fixture
def settings(champion: Path, tmp_path: Path) -> Settings:
    """Name the champion and a log."""
    return Settings(champion=str(champion), log_file=tmp_path / "log.jsonl", replica="here")


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[Endpoint]:
    """Run the champion, and look at its preprocessing all the time."""
    with running(settings, recheck_s=RECHECK_S) as endpoint:
        yield endpoint


ATTEMPTS: dict[str, Callable[[Any], object]] = {
    "fit": lambda it: it.columns.fit([[1.0]]),
    "partial_fit": lambda it: it.columns.partial_fit([[1.0]]),
    "set_params": lambda it: it.columns.set_params(with_mean=False),
    "assign to the columns": lambda it: setattr(it.columns, "mean_", 45.5),
    "delete from the columns": lambda it: delattr(it.columns, "column_inputs"),
    "write to an array": lambda it: scaler_of(it).mean_.__setitem__(0, 45.5),
    "add tokens": lambda it: it.tokenizer.add_tokens(["token"]),
    "train": lambda it: it.tokenizer.train_from_iterator(["a text"]),
    "truncate": lambda it: it.tokenizer.enable_truncation(4),
    "assign to the tokenizer": lambda it: setattr(it.tokenizer, "normalizer", None),
    "reach the model": lambda it: setattr(it.tokenizer.model, "unk_token", "[PAD]"),
    "cut shorter": lambda it: setattr(it.truncation, "max_length", 4),
    "put other columns": lambda it: setattr(it, "columns", None),
    "rename a label": lambda it: setattr(it.schema, "labels", ("a", "b")),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_attempt_to_change_raises(champion: Path, attempt: str) -> None:
    """Nothing of an opened bundle's preprocessing can be fitted or assigned to."""
    bundle = open_bundle(champion)

    with pytest.raises((AttributeError, ValueError), match=r"can|read-only"):
        ATTEMPTS[attempt](bundle.preprocessing)

    assert fingerprint_of(bundle.preprocessing) == bundle.manifest.preprocessing.fingerprint


@dataclass(frozen=True, slots=True)
class Change:
    """A change by force, and the finding that tells it."""

    make: Callable[[Preprocessing], None]
    code: str
    subject: str
    expected: Callable[[Preprocessing], str]
    observed: str


CHANGES = {
    "scaler": Change(
        change_mean,
        "preprocessing_changed",
        "pages.mean_",
        lambda it: str(scaler_of(it).mean_[0]),
        "45.5",
    ),
    "tokenizer": Change(
        lambda it: tokenizer_of(it).enable_truncation(16),
        "preprocessing_changed",
        "tokenizer.truncation",
        lambda _: "none",
        "max_length 16",
    ),
    "tokenizer's model": Change(
        lambda it: setattr(tokenizer_of(it).model, "unk_token", "[PAD]"),
        "preprocessing_changed",
        "tokenizer.model.unk_token",
        lambda _: '"[UNK]"',
        '"[PAD]"',
    ),
    "frame": Change(
        change_frame,
        "preprocessing_changed",
        "pages.frame.missing",
        lambda _: "not a number",
        "0.0",
    ),
    "schema": Change(
        change_schema,
        "preprocessing_changed",
        "court.categories",
        lambda it: f'with "{it.schema.categorical[0].categories[0]}"',
        'with "Mars"',
    ),
    "special tokens": Change(
        change_special_tokens,
        "preprocessing_changed",
        "tokenizer.encode_special_tokens",
        lambda _: "none",
        "true",
    ),
    "what cannot be compared": Change(
        make_incomparable,
        "recheck_failed",
        "preprocessing",
        lambda _: "can be compared",
        "TypeError: a preprocessing cannot hold a builtins.object",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_preprocessing_is_refused_while_it_runs(settings: Settings, name: str) -> None:
    """It stops answering for good, says once what changed, and still stops with its books kept."""
    change = CHANGES[name]
    with running(settings, recheck_s=RECHECK_S) as endpoint:
        preprocessing = champion_of(endpoint).bundle.preprocessing
        assert endpoint.classify(DOCUMENT).status_code == 200
        expected = change.expected(preprocessing)
        change.make(preprocessing)

        endpoint.wait_until(lambda: not endpoint.runtime.ready)

        response, status = endpoint.classify(DOCUMENT), endpoint.client.get("/v1/status").json()
        assert endpoint.runtime.state == "refused"
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "unavailable"
        assert "ask another replica" in response.json()["error"]["message"]
        endpoint.logged()
        (refused,) = events(endpoint, "guard.refused")
        assert (refused["role"], refused["bundle"]) == ("champion", settings.champion)
        (finding,) = (one for one in refused["findings"] if one["subject"] == change.subject)
        assert finding["code"] == change.code
        assert expected in finding["expected"]
        assert change.observed in finding["observed"]
        assert "restart the service" in finding["remedy"]
        guard = status["guard"]
        assert (status["ready"], guard["passed"]) == (False, False)
        assert guard["findings"] == refused["findings"]
        assert guard["rechecks"] >= 1
        assert guard["rechecked_at"] <= refused["timestamp"]

    (stopped,) = events(endpoint, "service.stopped")
    assert stopped["observed"] == stopped["flushed"] == 1
    assert len(events(endpoint, "guard.refused")) == 1


def test_a_failed_recheck_leaves_a_diagnostic(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever looks for the reason finds where the comparison failed."""
    make_incomparable(champion_of(endpoint).bundle.preprocessing)

    endpoint.wait_until(lambda: not endpoint.runtime.ready)

    (record,) = (one for one in caplog.records if one.name == "bentoml.understudy")
    assert "the preprocessing could not be compared again: TypeError" in record.message
    assert "fingerprint.py" in record.message


def test_readyz_of_the_service_fails(
    champion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a balancer asks is the whole service's own route: it fails, and stays failed."""
    from service import app  # noqa: PLC0415 (importing it moves the process's log handlers)

    monkeypatch.setenv("UNDERSTUDY_CHAMPION", str(champion))
    monkeypatch.setenv("UNDERSTUDY_LOG_FILE", str(tmp_path / "log.jsonl"))
    monkeypatch.setattr(app, "Runtime", functools.partial(Runtime, recheck_s=RECHECK_S))
    service: Any = app.Understudy
    with TestClient(service.to_asgi()) as client:
        runtime = app.web.serving.runtime
        endpoint = Endpoint(client.app, client, runtime, tmp_path / "log.jsonl")  # type: ignore[arg-type]  # any app
        endpoint.wait_until_ready()
        assert client.get("/readyz").status_code == 200

        preprocessing = champion_of(endpoint).bundle.preprocessing
        scaler_of(preprocessing).with_mean = False
        endpoint.wait_until(lambda: not runtime.ready)
        scaler_of(preprocessing).with_mean = True

        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200
        assert "understudy_ready 0.0" in client.get("/metrics").text

    assert len(events(endpoint, "guard.refused")) == 1
    assert len(events(endpoint, "service.stopped")) == 1


def test_what_was_accepted_is_finished(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that was in the queue is answered, logged and in a window, as on a drain."""
    with running(settings, recheck_s=RECHECK_S) as endpoint, ThreadPoolExecutor(1) as thread:
        champion = champion_of(endpoint)
        go_on = endpoint.hold_engine(monkeypatch)
        answer = thread.submit(endpoint.classify, {**DOCUMENT, "request_id": "queued"})
        endpoint.wait_until(lambda: champion.scheduler.documents == 1)

        change_mean(champion.bundle.preprocessing)
        endpoint.wait_until(lambda: not endpoint.runtime.ready)
        go_on.set()

        assert answer.result(PATIENCE_S).status_code == 200
        assert endpoint.classify(DOCUMENT).status_code == 503

    (observed,) = events(endpoint, "request.observed")
    (stopped,) = events(endpoint, "service.stopped")
    assert observed["request_id"] == "queued"
    assert stopped["observed"] == stopped["flushed"] == 1


def test_an_unchanged_preprocessing_passes_under_traffic(endpoint: Endpoint) -> None:
    """Looked at again and again while it answers, it goes on answering."""
    rechecker = champion_of(endpoint).rechecker
    before, answers = rechecker.rechecks, 0

    while rechecker.rechecks < before + 20:
        assert endpoint.classify(*[DOCUMENT] * 4).status_code == 200
        answers += 1

    guard = endpoint.client.get("/v1/status").json()["guard"]
    assert answers > 0
    assert (guard["passed"], guard["findings"]) == (True, [])
    assert guard["rechecks"] >= before + 20
    assert endpoint.runtime.ready

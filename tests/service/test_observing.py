"""What the log says of a document: exactly what the contract lists, and never its text."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from artifacts.demo.documents import champion_training
from artifacts.opening import Bundle, open_bundle
from artifacts.tables import ColumnRoles, as_table
from artifacts.training import TrainingOptions, train
from guards.drift.features import ANSWER_FEATURES, Answer
from guards.integrity import Demands
from service.documents import Document
from service.observing import Observer
from service.scheduling import Outcome
from service.settings import Settings
from service.shadow.challenger import Challenger, ChallengerEvents
from service.shadow.comparison import Missed, Observation
from service.shadow.terms import Hello, Terms
from service.telemetry.inputs import EXTRA, KINDS
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from artifacts.preprocessing import Encoding

PATIENCE_S = 10.0
STAMPS = {"timestamp", "event", "schema", "replica", "run", "seq"}
ANSWER = {"label", "confidence", "margin", "entropy", "probabilities"}
TEXT = "a very secret sentence"
SALARY = 987654.25
SENDER = "Jane Roe"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Train a bundle with a private number (amount) and a private category (sender)."""
    roles = ColumnRoles(
        text=("text",),
        label="label",
        numeric=("pages", "amount"),
        categorical=("court", "sender"),
        private=("amount", "sender"),
    )
    table = as_table(champion_training(120, 3), roles, "demo documents")
    destination = tmp_path_factory.mktemp("private") / "docs" / "1"
    train(
        table,
        roles,
        destination,
        TrainingOptions(epochs=1, max_length=64, seed=3, accelerate=False),
    )
    return open_bundle(destination)


class ByHand(Challenger):
    """A challenger whose documents the test settles."""

    def __init__(self, key: str, observer: Observer) -> None:
        events = ChallengerEvents(observer.mirror.settle, observer.greeted, lambda *_: None)
        super().__init__(key, Path("unused"), Terms(Demands(), 1, 1.0), events)
        self.tickets: list[object] = []
        self.observer = observer

    @property
    def pending(self) -> int:
        """How many documents the test has not settled."""
        return len(self.tickets)

    def offer(self, ticket: object, document: Document, encoding: Encoding) -> None:
        """Keep a document until it is settled."""
        assert encoding.tokens > 0
        assert document.text == TEXT
        self.tickets.append(ticket)

    def greet(self, bundle: Bundle) -> None:
        """Say that it runs this bundle."""
        identity = bundle.identity
        self.hello = Hello(
            **identity,
            preprocessing=bundle.manifest.preprocessing.fingerprint,
            labels=bundle.labels,
            engine="torch",
            lanes=1,
            priority="idle",
            reference=bundle.reference,
        )
        self.observer.greeted(self, self.hello)

    def settle(self, observation: Observation) -> None:
        """Settle the oldest document."""
        self.observer.mirror.settle(self, self.tickets.pop(0), observation)


class Desk:
    """An observer with its log, and documents to be observed."""

    def __init__(self, bundle: Bundle, log: EventLog, path: Path, settings: Settings) -> None:
        self.bundle, self.log, self._path = bundle, log, path
        self.metrics = Metrics(
            queue_documents=lambda: 0, lost_log_lines=lambda: self.log.lost, ready=lambda: True
        )
        self.observer = Observer("run-1", bundle, settings, self.log, self.metrics)
        self.challengers = [ByHand(key, self.observer) for key in settings.challengers]
        self.observer.mirror.attach(self.challengers)
        for challenger in self.challengers:
            challenger.greet(bundle)

    def answered(self, request_id: str = "a-17", /, label: int = 0, **features: Any) -> Answer:  # noqa: ANN401 (JSON)
        """Observe one document that the champion answered with the label at this place."""
        preprocessing = self.bundle.preprocessing
        row, problems = preprocessing.schema.canonical(features)
        assert problems == []
        (encoding,) = preprocessing.encode([TEXT], [row])
        probabilities = self.probabilities(label)
        answer = Answer.of(probabilities, self.bundle.labels)
        self.observer.answered(
            Document(request_id, "emea", TEXT, features, row),
            encoding,
            answer,
            Outcome(probabilities, queue_s=0.25, infer_s=0.5),
            preprocess_s=0.125,
        )
        return answer

    def probabilities(self, label: int) -> NDArray[np.float32]:
        """Give .75 to one label and the rest to the others."""
        others = len(self.bundle.labels) - 1
        probabilities = np.full(others + 1, 0.25 / others, dtype=np.float32)
        probabilities[label] = 0.75
        return probabilities

    def observation(self, label: int) -> Observation:
        """Make a challenger's observation."""
        answer = Answer.of(self.probabilities(label), self.bundle.labels)
        return Observation(answer, infer_s=0.0625)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Read the log's events of one name."""
        return [line for line in map(json.loads, self.text().splitlines()) if line["event"] == name]

    def text(self) -> str:
        """Read the log."""
        assert self.log.flush(PATIENCE_S)
        return self._path.read_text(encoding="utf-8") if self._path.exists() else ""


@pytest.fixture
def desk_for(bundle: Bundle, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Give a function that makes the desk for settings; its log goes to a file alone."""
    path = tmp_path / "log.jsonl"
    with Path("/dev/null").open("wb") as nowhere:
        log = EventLog("here", "run-1", stdout=nowhere.fileno(), path=path)
        yield lambda *challengers, **settings: Desk(
            bundle, log, path, Settings(challengers=challengers, **settings)
        )
        log.close(PATIENCE_S)


def test_a_line_has_exactly_the_fields_of_the_contract(desk_for: Callable[..., Desk]) -> None:
    """One line, once the challenger has answered, with both observations side by side."""
    desk = desk_for("docs/2")
    champion = desk.answered(pages="3000", court="NDCA", amount="", sender="never seen")
    assert desk.events("request.observed") == []
    desk.challengers[0].settle(desk.observation(label=1))
    (line,) = desk.events("request.observed")
    assert set(line) == STAMPS | {
        *("request_id", "observed_at", "origin_run", "segment", "champion", "challengers"),
        *("tokens", "truncated", "unknown", "missing", "coerced", "out_of_range"),
    }
    assert set(line["champion"]) == ANSWER | {
        *("name", "version", "fingerprint", "queue_s", "preprocess_s", "infer_s")
    }
    (challenger,) = line["challengers"]
    assert set(challenger) == ANSWER | {
        *("name", "version", "status", "reason", "infer_s"),
        *("agree", "confidence_delta", "js_divergence"),
    }
    assert (line["request_id"], line["segment"], line["origin_run"]) == ("a-17", "emea", "run-1")
    assert datetime.fromisoformat(line["observed_at"]).tzinfo is not None
    assert (line["unknown"], line["missing"]) == (["sender"], ["amount"])
    assert (line["coerced"], line["out_of_range"]) == (["pages"], ["pages"])
    assert (line["tokens"] > 2, line["truncated"]) == (True, False)
    assert line["champion"]["label"] == champion.label
    assert [line["champion"][f"{what}_s"] for what in ("queue", "preprocess", "infer")] == [
        0.25,
        0.125,
        0.5,
    ]
    assert (challenger["status"], challenger["reason"], challenger["agree"]) == ("ok", None, False)
    assert challenger["confidence_delta"] == pytest.approx(0)
    assert challenger["js_divergence"] > 0.1


def test_a_missing_observation_says_why(desk_for: Callable[..., Desk]) -> None:
    """The line of a document that a challenger missed still stands, with the reason."""
    desk = desk_for("docs/2", "docs/3")
    desk.answered()
    desk.challengers[1].settle(Observation(answer=None, missed=Missed.TIMEOUT))
    desk.challengers[0].settle(Observation(answer=None, missed=Missed.CHALLENGER_DOWN))
    (line,) = desk.events("request.observed")
    assert line["challengers"] == [
        {"name": "docs", "version": "2", "status": "missed", "reason": "challenger_down"},
        {"name": "docs", "version": "3", "status": "timeout", "reason": "timeout"},
    ]


def test_without_challengers_the_line_is_written_at_once(desk_for: Callable[..., Desk]) -> None:
    """A champion alone is logged too."""
    desk = desk_for()
    desk.answered()
    (line,) = desk.events("request.observed")
    assert line["challengers"] == []


@pytest.mark.parametrize(
    ("capture", "agreeing", "disagreeing"),
    [("none", False, False), ("disagreements", False, True), ("all", True, True)],
)
def test_documents_are_captured_only_when_asked(
    desk_for: Callable[..., Desk], capture: str, *, agreeing: bool, disagreeing: bool
) -> None:
    """By default no text is in any line; private columns are in none, whatever is captured."""
    desk = desk_for("docs/2", capture=capture)
    for label in (0, 1):
        desk.answered(str(label), label=0, pages=3, amount=SALARY, sender=SENDER)
        desk.challengers[0].settle(desk.observation(label))
    desk.observer.feedback("0", "contract")
    desk.observer.flush()
    lines = desk.events("request.observed")
    assert ["document" in line for line in lines] == [agreeing, disagreeing]
    captured = [line["document"] for line in lines if "document" in line]
    assert captured == [{"text": TEXT, "features": {"pages": 3}}] * (agreeing + disagreeing)
    if capture == "none":
        assert TEXT not in desk.text()
    assert SENDER not in desk.text()
    assert str(SALARY) not in desk.text()


def test_feedback_carries_the_observation_while_it_is_remembered(
    desk_for: Callable[..., Desk],
) -> None:
    """A label for a document of this run comes with what was answered; another comes alone."""
    desk = desk_for()
    answer = desk.answered("a-17", label=2)
    desk.observer.feedback("a-17", "letter")
    desk.observer.feedback("before-our-time", "letter")
    known, unknown = desk.events("feedback.received")
    assert (known["request_id"], known["label"]) == ("a-17", "letter")
    assert known["observation"] == {"label": answer.label, "confidence": answer.confidence}
    assert unknown["observation"] is None


def test_a_window_is_flushed_when_it_holds_enough(desk_for: Callable[..., Desk]) -> None:
    """Every FLUSH_DOCUMENTS documents make one line, and the rest waits for the next flush."""
    desk = desk_for("docs/2", flush_documents=3)
    for number in range(7):
        desk.answered(str(number), pages=number)
        desk.challengers[0].settle(desk.observation(label=number % 2))
    assert [line["window"]["documents"] for line in desk.events("drift.window")] == [3, 3]
    assert desk.observer.flushed_documents == 6
    desk.observer.flush()
    desk.observer.flush()
    lines = desk.events("drift.window")
    assert [line["window"]["documents"] for line in lines] == [3, 3, 1]
    assert desk.observer.flushed_documents == desk.observer.documents == 7
    assert {line["reference"] for line in lines} == {desk.bundle.reference.fingerprint}
    assert set(lines[0]) == STAMPS | {"window", "reference", "counts", "scores"}
    compared = [line["counts"]["challengers"]["docs/2"]["compared"] for line in lines]
    assert sum(compared) == 7
    for who in ("champion", "docs/2"):
        assert {f"{who}.{feature}" for feature in ANSWER_FEATURES} <= set(lines[0]["scores"])


def test_what_was_noticed_is_counted_alike_everywhere(desk_for: Callable[..., Desk]) -> None:
    """Window, totals and scrape agree; of private columns the names are there and no value."""
    desk = desk_for()
    desk.answered(pages="3", amount=SALARY * 1e6, sender=SENDER, colour=SALARY, **{TEXT: 1})
    desk.answered(pages=3, court="NDCA", amount=1, sender=7)
    desk.observer.flush()
    desk.answered(pages=3, court="NDCA", amount=1, sender="")
    (window,) = desk.events("drift.window")
    assert window["counts"]["inputs"] == {
        "unknown": {"sender": 2},
        "missing": {"court": 1},
        "coerced": {"pages": 1, "sender": 1},
        "out_of_range": {"amount": 1},
        "extra": {"colour": 1, TEXT: 1},
    }
    totals = desk.observer.inputs.get()
    assert totals == window["counts"]["inputs"] | {"missing": {"court": 1, "sender": 1}}
    scraped = desk.metrics.render()[0].decode()
    for kind in KINDS:
        for feature, documents in totals[kind].items():
            if kind != EXTRA:
                labels = f'feature="{feature}",kind="{kind}"'
                assert f"understudy_inputs_total{{{labels}}} {documents}.0" in scraped
    assert 'understudy_inputs_total{feature="",kind="extra"} 2.0' in scraped
    assert TEXT not in scraped
    assert SENDER not in desk.text()
    assert str(SALARY) not in desk.text()


def test_metrics_count_what_the_books_count(desk_for: Callable[..., Desk]) -> None:
    """A scrape and the coverage agree."""
    desk = desk_for("docs/2")
    for number in range(3):
        desk.answered(str(number))
    desk.challengers[0].settle(desk.observation(label=0))
    desk.challengers[0].settle(desk.observation(label=1))
    desk.challengers[0].settle(Observation(answer=None, missed=Missed.ERROR))
    scraped = desk.metrics.render()[0].decode()
    for sample in (
        "understudy_documents_total 3.0",
        'understudy_shadow_eligible_total{challenger="docs/2"} 3.0',
        'understudy_shadow_compared_total{challenger="docs/2"} 2.0',
        'understudy_shadow_missed_total{challenger="docs/2",reason="error"} 1.0',
        'understudy_disagreements_total{challenger="docs/2"} 1.0',
        "understudy_champion_confidence_count 3.0",
    ):
        assert sample in scraped
    assert desk.observer.confidence == pytest.approx(0.75)

"""A recorder with its log, scripted challengers, and documents to record."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Literal

import numpy as np

from guards.answer import Answer, Observation
from guards.drift.features import input_names
from guards.events.feedback_received import FeedbackReceived
from guards.evidence.criteria import Policy
from guards.evidence.labels import LabelSource
from service.documents import Document
from service.observation.alerts import Alerts
from service.observation.log_line import LogLines
from service.observation.recorder import Recorder, RecorderParts
from service.observation.run_evidence import RunEvidence
from service.observation.verdicts import Verdicts
from service.observation.windows import Windows
from service.shadow.mirror import Mirror
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics
from tests.patience import PATIENCE_S
from tests.service.shadow.scripted import ScriptedChallenger
from tests.windows import joined

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.bundle.opening import Bundle
    from guards.drift.line_cells import CellDetail
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject
    from service.observation.judgement import Judgement

__all__ = ["ANSWER", "SALARY", "SENDER", "STAMP", "TEXT", "Recording"]

STAMP = {"timestamp", "event", "schema", "replica", "run", "seq"}
ANSWER = {"label", "confidence", "margin", "entropy", "probabilities"}
TEXT = "a very secret sentence"
SALARY = 987654.25
SENDER = "Jane Roe"


class Recording:
    """A recorder that writes to a log file, with challengers that the test answers for."""

    def __init__(  # noqa: PLR0913 (one parameter an option)
        self,
        bundle: Bundle,
        path: Path,
        challengers: Sequence[ChallengerId] = (),
        *,
        capture: Literal["none", "disagreements", "all"] = "none",
        cells: CellDetail = "grouped",
        flush_documents: int = 10_000,
        policy: Policy | None = None,
        ripe_s: float | None = 0.0,
    ) -> None:
        self.bundle = bundle
        self.exclusive = False
        self.challengers = [
            ScriptedChallenger(challenger, reference=bundle.reference) for challenger in challengers
        ]
        self.metrics = Metrics(
            queue_documents=lambda: 0, lost_log_lines=lambda: self._log.lost, ready=lambda: True
        )
        self.evidence = RunEvidence(challengers)
        self._nowhere = os.open(os.devnull, os.O_WRONLY)
        self._log = EventLog("here", "run-1", stdout=self._nowhere, path=path)
        self.path = path
        schema = bundle.preprocessing.schema
        private = frozenset(schema.private)
        windows = Windows(bundle.reference, input_names(schema), private)
        line_cells = windows.watched.line_cells(cells)
        lines = LogLines("run-1", bundle.identity, capture, private, windows.reference, line_cells)
        self.recorder = Recorder(
            RecorderParts(
                windows=windows,
                alerts=Alerts(windows.alarms(len(challengers)), self._log, self.metrics),
                mirror=Mirror(self.challengers, 1.0, np.random.default_rng(5)),
                verdicts=Verdicts(self.evidence, policy or Policy(), ripe_s, self.metrics),
                lines=lines,
                log=self._log,
                metrics=self.metrics,
                flush_documents=flush_documents,
            )
        )
        for challenger in self.challengers:
            challenger.start(self.recorder)

    def answered(self, request_id: str = "a-17", /, label: int = 0, **features: object) -> Answer:
        """Record a document that the champion answered with the label of this index."""
        preprocessing = self.bundle.preprocessing
        row, problems = preprocessing.schema.canonical(features)
        assert problems == []
        (encoding,) = preprocessing.encode([TEXT], [row])
        observation = Observation(
            answer=self.answer(label),
            infer_s=0.5,
            cpu_s=0.375,
            queue_s=0.25,
            preprocess_s=0.125,
            exclusive=self.exclusive,
        )
        document = Document(request_id, "emea", TEXT, features, row)
        self.recorder.answered(document, encoding, observation)
        return observation.answer

    def answer(self, label: int) -> Answer:
        """Make an answer with a confidence of 0.75."""
        return Answer.of(self._probabilities(label), self.bundle.labels)

    def compared(self, request_id: str, champion: int, challenger: int) -> None:
        """Let both answer a document, with the labels of these indices."""
        self.answered(request_id, label=champion)
        self.challengers[0].settle(self.observation(label=challenger))

    def label(
        self,
        request_id: str,
        label: int,
        source: LabelSource = LabelSource.TRUTH,
        labelled_at: datetime | None = None,
    ) -> int:
        """Send a true label, and return how many answers were in memory."""
        stratum, probability = ("emea", 0.5) if source is LabelSource.QUEUE else (None, None)
        name = self.bundle.labels[label]
        feedback = FeedbackReceived(
            request_id, name, None, source, stratum, probability, labelled_at
        )
        return self.recorder.feedback([feedback])

    def judged(self, challenger: ChallengerId | None = None) -> Judgement:
        """Return what is known of a challenger now, by default of the first."""
        judged = asyncio.run(self.recorder.verdicts.review())
        return judged[challenger or self.challengers[0].id]

    def observation(self, label: int) -> Observation:
        """Make a challenger's observation."""
        return Observation(self.answer(label), infer_s=0.0625, cpu_s=0.03125)

    def lines(self, event: str) -> list[JsonObject]:
        """Parse the log's lines of one event; those of a window are joined."""
        lines = [json.loads(line) for line in self.text().splitlines()]
        of_event = [line for line in lines if line["event"] == event]
        return joined(of_event) if event == "drift.window" else of_event

    def text(self) -> str:
        """Read the log."""
        assert self._log.flush(PATIENCE_S)
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def close(self) -> None:
        """Close the log."""
        self._log.close(PATIENCE_S)
        os.close(self._nowhere)

    def _probabilities(self, label: int) -> NDArray[np.float32]:
        others = len(self.bundle.labels) - 1
        probabilities = np.full(others + 1, 0.25 / others, dtype=np.float32)
        probabilities[label] = 0.75
        return probabilities

"""Answers a good and a bad period by running services, and diagnoses their logs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.opening import open_bundle
from artifacts.replaying.replay import Replay, replay_into
from artifacts.replaying.replay_log import opened_replay_log
from guards.diagnosis.periods import parse_period
from guards.diagnosis.playbook import diagnose
from guards.events.log_table import LogTable
from load_tests.diagnosis.bundles import train_unsure
from load_tests.diagnosis.causes import REPLICAS
from load_tests.diagnosis.documents import CLASSES, HOURS, PER_HOUR, hours
from load_tests.diagnosis.serving import Replica, answer, judged
from service.cli.replay_sources import documents_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from guards.diagnosis.playbook import Diagnosis
    from load_tests.diagnosis.causes import Cause
    from load_tests.diagnosis.documents import Sent
    from service.lifecycle.judging import Judgement

__all__ = ["Measurement"]

_PERIODS = ("2026-03-02..2026-03-04", "2026-03-04..2026-03-06")


@dataclass(frozen=True)
class Measurement:
    """Bundles and logs of one seed in a directory; what several causes need is made once.

    ``champion`` is the bundle of the good period, and an hour has about ``per_hour`` documents.
    """

    directory: Path
    champion: Path
    seed: int = 1
    per_hour: float = PER_HOUR

    def diagnosis(self, cause: Cause) -> Diagnosis:
        """Serve the bad period of a cause, and diagnose its log beside that of the good one."""
        good, sent = self._good
        bad, sent_then = self.directory / f"{cause.name}.jsonl", self._sent_then(cause)
        for at, name in enumerate(REPLICAS):
            answer(self._replica(cause, name), sent_then[at :: len(REPLICAS)], bad, HOURS)
        logs = [good, bad]
        if cause.replayed:
            logs.append(self._replayed(logs, self.directory / f"{cause.name} replayed.jsonl"))
        labels = {}
        if cause.labels is not None:
            labels = _labels(sent) | _labels(sent_then, cause.labels)
        periods = [parse_period(text, "", ()) for text in _PERIODS]
        with LogTable.read(logs) as log:
            return diagnose(log, (periods[0], periods[1]), labels)

    @cached_property
    def _good(self) -> tuple[Path, Sequence[Sent]]:
        """The log of the good period, and what was sent."""
        log = self.directory / "good.jsonl"
        sent = list(hours(self.seed, CLASSES, "good", self.per_hour))
        for at, name in enumerate(REPLICAS):
            replica = Replica(name, self.champion, self._judgement)
            answer(replica, sent[at :: len(REPLICAS)], log, 0)
        return log, sent

    @cached_property
    def _judgement(self) -> Judgement:
        return judged(self.champion)

    @cached_property
    def _unsure(self) -> tuple[Path, Judgement]:
        bundle = train_unsure(self.directory / "docs" / "2")
        return bundle, judged(bundle)

    def _replica(self, cause: Cause, name: str) -> Replica:
        if name not in cause.replicas:
            return Replica(name, self.champion, self._judgement)
        bundle, judgement = self.champion, self._judgement
        if cause.unsure:
            bundle, judgement = self._unsure
        return Replica(name, bundle, judgement, cause.disturb, cause.libraries)

    def _sent_then(self, cause: Cause) -> Sequence[Sent]:
        """Return the documents of the bad period."""
        generator = np.random.default_rng([self.seed, 1])
        sent = list(hours(self.seed + 1000, cause.classes, "bad", self.per_hour))
        if cause.change is not None:
            for each in sent:
                cause.change(each.document, generator)
        return sent

    def _replayed(self, logs: Sequence[Path], out: Path) -> Path:
        """Have the champion answer logs again, as ``understudy replay`` does."""
        replay = Replay([open_bundle(self.champion)])
        recorded = list(documents_of(logs, None, [replay.champion])())
        with opened_replay_log(out, list(replay.opening())) as log:
            replay_into(log, replay, recorded, len(recorded))
        return out


def _labels(sent: Sequence[Sent], called: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return true labels by request id, in the words of then."""
    names = called or {}
    return {each.document["request_id"]: names.get(each.label, each.label) for each in sent}

"""Champion and challengers answer documents of the past, as events of the log."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from artifacts.progress import Progress
from artifacts.replaying.answering import Answered, answer_documents, watched_names
from guards.drift.features import CHAMPION, column_feature, live_features
from guards.drift.line_cells import LineCells
from guards.events.drift_reference import DriftReference, reference_parts
from guards.events.replay_started import ReplayStarted
from guards.events.request_observed import RequestObserved
from guards.events.service_events import Variant
from guards.evidence.pair import ChallengerId, Missed, ShadowOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from artifacts.bundle.opening import Bundle
    from artifacts.replaying.replay_log import ReplayLog
    from guards.events.events import Event
    from guards.events.recorded import RecordedDocument
    from guards.evidence.pair import Outcome

__all__ = ["Replay", "replay_into"]

_ENGINE = "torch"
_CHUNK = 64


class Replay:
    """Answers documents with a champion and challengers, by their networks.

    ``left_out`` counts the documents that the champion does not take, by the reason.
    """

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        """Answer with the first bundle as the champion, and the others as its challengers."""
        self.champion, *others = bundles
        self.left_out: Counter[str] = Counter()
        seen: Counter[tuple[str, str]] = Counter()
        self.challengers: list[tuple[ChallengerId, Bundle]] = []
        for bundle in others:
            name = bundle.identity.name, bundle.identity.version
            seen[name] += 1
            self.challengers.append((ChallengerId(*name, seen[name]), bundle))
        self._reference = self.champion.reference.fingerprint
        self._private = frozenset(self.champion.preprocessing.schema.private)
        self._cells = LineCells(
            watched_names(self.champion),
            live_features(self.champion.reference.features, CHAMPION),
            "grouped",
            frozenset(map(column_feature, self._private)),
        )

    @property
    def started(self) -> ReplayStarted:
        """The event that says who answers."""
        return ReplayStarted(
            _variant(self.champion),
            tuple(_variant(bundle, each.ordinal) for each, bundle in self.challengers),
        )

    def opening(self) -> Iterator[Event]:
        """Yield the events before those of documents: who answers, and what their cells are."""
        yield self.started
        yield from reference_parts(
            DriftReference(self._reference, self._cells.detail, self._cells.described)
        )

    def events(self, run: str, documents: Sequence[RecordedDocument]) -> Iterator[RequestObserved]:
        """Yield the event of each document that the champion takes; all of them have a document.

        A challenger that does not take one has missed it by an error.
        """
        contents = [document.document or {} for document in documents]
        champion = answer_documents(self.champion, contents)
        outcomes = [(each, answer_documents(bundle, contents)) for each, bundle in self.challengers]
        for index, (document, answered) in enumerate(zip(documents, champion, strict=True)):
            if isinstance(answered, str):
                self.left_out[answered] += 1
                continue
            shadows = [
                ShadowOutcome.of(answered.observation, challenger, _outcome(answers[index]))
                for challenger, answers in outcomes
            ]
            yield self._event(run, document, answered, shadows)

    def _event(
        self,
        run: str,
        document: RecordedDocument,
        answered: Answered,
        outcomes: Sequence[ShadowOutcome],
    ) -> RequestObserved:
        row = answered.encoding.row
        return RequestObserved(
            request_id=document.request_id,
            observed_at=document.observed_at,
            origin_run=run,
            segment=document.segment,
            model=self.champion.identity,
            champion=answered.observation,
            outcomes=tuple(outcomes),
            tokens=answered.encoding.tokens,
            truncated=answered.encoding.truncated,
            unknown=self._shown(row.unknown),
            missing=self._shown(row.missing),
            coerced=row.coerced,
            out_of_range=row.out_of_range,
            reference=self._reference,
            cells=self._cells.of(answered.values),
        )

    def _shown(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in self._private)


def replay_into(
    log: ReplayLog, replay: Replay, documents: Iterable[RecordedDocument], total: int
) -> None:
    """Answer documents that have one, and write their lines chunk by chunk; shows progress.

    ``total`` is their number.
    """
    remaining = iter(documents)
    with Progress("replaying", total) as progress:
        while chunk := list(islice(remaining, _CHUNK)):
            log.write(replay.events(log.run, chunk))
            progress.update(len(chunk))


def _outcome(answered: Answered | str) -> Outcome:
    return Missed.ERROR if isinstance(answered, str) else answered.observation


def _variant(bundle: Bundle, ordinal: int | None = None) -> Variant:
    identity = bundle.identity
    return Variant(identity.name, identity.version, identity.fingerprint, _ENGINE, ordinal)

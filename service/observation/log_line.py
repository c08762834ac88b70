"""Builds the events of an answered document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.events.comparison_completed import ComparisonCompleted
from guards.events.drift_reference import DriftReference
from guards.events.request_observed import RequestObserved
from guards.evidence.pair import ShadowOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.bundle.identity import BundleIdentity
    from guards.drift.line_cells import LineCells
    from guards.evidence.pair import ChallengerId
    from guards.json_types import JsonObject
    from service.documents import Document
    from service.settings import Capture
    from service.shadow.interface import PendingComparison

__all__ = ["LogLines"]


@dataclass(frozen=True, slots=True)
class LogLines:
    """Builds the events of one run, in which the champion is ``model``.

    ``capture`` selects the documents whose text and features are written, without the columns in
    ``private``. ``cells`` finds what is told of the others: the cells of ``reference``, the
    fingerprint of the champion's.
    """

    run: str
    model: BundleIdentity
    capture: Capture
    private: frozenset[str]
    reference: str
    cells: LineCells

    @property
    def described(self) -> DriftReference:
        """The event that tells what the cells are."""
        return DriftReference(self.reference, self.cells.detail, self.cells.described)

    def event(
        self, pending: PendingComparison, challengers: Iterable[ChallengerId]
    ) -> RequestObserved:
        """Return the event of a document, with the outcomes in the order of ``challengers``.

        Those that are awaited are ``pending``.
        """
        outcomes = tuple(
            ShadowOutcome.of(pending.champion, challenger, pending.outcomes.get(challenger))
            for challenger in challengers
            if pending.awaited or challenger in pending.outcomes
        )
        document, encoding = pending.document, pending.encoding
        row = document.row
        return RequestObserved(
            request_id=document.request_id,
            observed_at=pending.observed_at,
            origin_run=self.run,
            segment=document.segment,
            model=self.model,
            champion=pending.champion,
            outcomes=outcomes,
            tokens=encoding.tokens,
            truncated=encoding.truncated,
            unknown=self._shown(row.unknown),
            missing=self._shown(row.missing),
            coerced=row.coerced,
            out_of_range=row.out_of_range,
            document=self._captured(document) if self._captures(outcomes) else None,
            reference=self.reference,
            cells=self.cells.of(pending.values),
        )

    def completed(
        self, pending: PendingComparison, challenger: ChallengerId
    ) -> ComparisonCompleted:
        """Return the event of an outcome that came after the line of its document."""
        outcome = ShadowOutcome.of(pending.champion, challenger, pending.outcomes[challenger])
        shows = self.capture == "disagreements" and outcome.disagree
        return ComparisonCompleted(
            origin_run=self.run,
            request_id=pending.document.request_id,
            outcomes=(outcome,),
            document=self._captured(pending.document) if shows else None,
        )

    def _shown(self, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names or self.private.isdisjoint(names):
            return names
        return tuple(name for name in names if name not in self.private)

    def _captures(self, outcomes: Iterable[ShadowOutcome]) -> bool:
        if self.capture == "disagreements":
            return any(outcome.disagree for outcome in outcomes)
        return self.capture == "all"

    def _captured(self, document: Document) -> JsonObject:
        features = {
            name: value for name, value in document.features.items() if name not in self.private
        }
        return {"text": document.text, "features": features}

"""The playbook: what changed between two periods, and what undoing it would restore."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import HOUR_US, Blocks
from guards.diagnosis.cautions import bundle_notes, exchanged_notes
from guards.diagnosis.champion_changes import champion_changes
from guards.diagnosis.chance import MIN_BLOCKS
from guards.diagnosis.class_residuals import class_residuals
from guards.diagnosis.compared import Compared, shared_labels
from guards.diagnosis.decomposition import Decomposition
from guards.diagnosis.distributions import Distribution, distributions
from guards.diagnosis.documents import Documents, collect
from guards.diagnosis.drop import ALPHA, Drop, measure_drop
from guards.diagnosis.findings import input_finding, rank, rest_finding
from guards.diagnosis.onset import change_point
from guards.diagnosis.performance import Performance, performance
from guards.diagnosis.periods import EVERYTHING, Period
from guards.diagnosis.replaying import Replayed, by_one_bundle, replay_notes
from guards.diagnosis.replica_skew import skew_notes
from guards.diagnosis.shadows import Shadow, shadows
from guards.diagnosis.terms_by_measure import terms_by_measure
from guards.diagnosis.timeline import Timeline, timeline_of
from guards.diagnosis.undoing import OurSide
from guards.errors import CallError
from guards.moments import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guards.diagnosis.causes import MovedInput
    from guards.diagnosis.class_residuals import ClassResidual
    from guards.diagnosis.effects import Effects
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.three_terms import ThreeTerms
    from guards.diagnosis.word_changes import WordChanges
    from guards.events.log_table import LogTable
    from guards.evidence.columns import Categories
    from guards.json_types import JsonObject

__all__ = ["Diagnosis", "diagnose"]

_SEED = 20_260_302
_ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What differs between two periods.

    ``documents`` are the numbers of theirs. ``found`` is how often chance would divide a log as
    clearly, where the periods were found and not given. ``timeline`` is the confidence over time,
    and ``challengers`` are those that answered beside the champion. ``inputs`` are those that
    moved, with their ``distributions``, ``terms`` those of the changes of confidence and accuracy,
    ``residuals`` those of the classes answered, where the accuracy is known, the ``findings`` are
    ranked. Without a change beyond chance there is none of these five, and no ``decomposition`` of
    it. ``notes`` say what could not be looked at, and what is likely not meant. ``words`` came and
    went, where a caller has read texts of both periods, and ``effects`` are those of a bundle that
    explained documents of both.
    """

    good: Period
    bad: Period
    found: float | None
    documents: tuple[int, int]
    drop: Drop
    timeline: Timeline
    performance: Performance | None = None
    challengers: tuple[Shadow, ...] = ()
    inputs: tuple[MovedInput, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    terms: Mapping[str, ThreeTerms] = field(default_factory=dict)
    residuals: tuple[ClassResidual, ...] = ()
    findings: tuple[DiagnosisFinding, ...] = ()
    notes: tuple[str, ...] = ()
    decomposition: Decomposition | None = None
    words: WordChanges | None = None
    effects: Effects | None = None

    @property
    def could_be_chance(self) -> bool:
        """Whether chance could do it."""
        if self.found is not None:
            return self.found > ALPHA
        return self.drop.could_be_chance

    @property
    def alarmed(self) -> bool:
        """Whether an alarm was raised in the bad period."""
        return any(self.bad.holds(each.run, each.at_us) for each in self.timeline.alarms)

    def to_json(self) -> JsonObject:
        """Return the diagnosis as plain JSON."""
        periods = zip(("good", "bad"), (self.good, self.bad), self.documents, strict=True)
        return {
            **{
                name: {"period": str(period), "documents": documents}
                for name, period, documents in periods
            },
            "found": self.found,
            "drop": {**self.drop.to_json(), "could_be_chance": self.could_be_chance},
            "performance": self.performance and self.performance.to_json(),
            "timeline": self.timeline.to_json(),
            "challengers": [each.to_json() for each in self.challengers],
            "inputs": [each.to_json() for each in self.inputs],
            "residuals": [each.to_json() for each in self.residuals],
            "terms": {measure: terms.to_json() for measure, terms in self.terms.items()},
            "findings": [finding.to_json() for finding in self.findings],
            "notes": list(self.notes),
            "decomposition": self.decomposition and self.decomposition.to_json(),
            "words": self.words and self.words.to_json(),
            "effects": self.effects and self.effects.to_json(),
        }


def diagnose(
    log: LogTable,
    periods: tuple[Period, Period] | None = None,
    true_labels: Mapping[str, str] | None = None,
) -> Diagnosis:
    """Compare the good and the bad period of a log; ``true_labels`` are by request id.

    Without periods they are found: the confidence divides the log. Raises ``CallError`` where a
    period has no document, and where none can be found. The same log gives the same numbers.
    """
    generator = np.random.default_rng(_SEED)
    found = None
    if periods is None:
        periods, found = _find_periods(log, generator)
    good, bad = periods
    labels = true_labels or {}
    before, now = (
        collect(log.observed(period.start_us, period.end_us), period, labels) for period in periods
    )
    for option, period, documents in (("--good", good, before), ("--bad", bad, now)):
        _require_documents(log, option, period, documents)
    drop = measure_drop(before, now, generator)
    identities = [champion.identity for champion in log.champions]
    changes = champion_changes((before, now), identities, log.starts)
    diagnosis = Diagnosis(
        good=good,
        bad=bad,
        found=found,
        documents=(len(before), len(now)),
        drop=drop,
        timeline=timeline_of((before, now), log.alarms, changes),
        performance=performance((before, now), shared_labels(log, (before, now))),
        challengers=shadows(*(log.shadow_answers(*astuple(period)) for period in periods)),
        notes=(
            *bundle_notes((before, now), identities),
            *(exchanged_notes(drop) if found is None else ()),
            *(skew_notes(now) if len({each.name for each in identities}) == 1 else ()),
        ),
    )
    if diagnosis.could_be_chance:
        return diagnosis
    fingerprint = _usual(before.champions)
    replays = [Replayed.of(log, fingerprint, period, labels) for period in periods]
    sides = (before, now)
    diagnosis = _explained(diagnosis, log, sides, replays, generator)
    windows = [log.window_counts(*astuple(period)) for period in periods]
    blocks = [each.blocks for each in diagnosis.inputs]
    return replace(
        diagnosis,
        distributions=distributions(blocks, windows, diagnosis.documents),
        notes=(*diagnosis.notes, *replay_notes(log, fingerprint, now, replays)),
    )


def _find_periods(
    log: LogTable, generator: np.random.Generator
) -> tuple[tuple[Period, Period], float]:
    """Return the periods before and after the largest change of the confidence."""
    observed = log.observed(EVERYTHING.start_us, EVERYTHING.end_us)
    documents = collect(observed, EVERYTHING, {})
    _require_documents(log, "the log", EVERYTHING, documents)
    found = change_point(Blocks.of(documents.hours, documents.confidence), generator)
    if found is None:
        message = (
            f"the log has documents of less than {MIN_BLOCKS} hours, in which no good and bad "
            "period can be found: name them with --good and --bad"
        )
        raise CallError(message)
    hour, p_value = found
    first, last = int(documents.observed_at.min()), int(documents.observed_at.max())
    at = hour * HOUR_US
    return (Period(first, at), Period(at, last + 1)), p_value


def _explained(
    diagnosis: Diagnosis,
    log: LogTable,
    sides: tuple[Documents, Documents],
    replays: Sequence[Replayed],
    generator: np.random.Generator,
) -> Diagnosis:
    """Return the diagnosis with what holds the change, and what could not be looked at."""
    drop = diagnosis.drop
    ours = OurSide.of(log.starts, sides, replays, drop.measure, generator)
    recorded, answered = by_one_bundle(sides, replays)
    other_model = ours.other_model and answered is recorded
    compared = Compared.of(log, recorded, answered, drop.measure, other_model=other_model)
    causes, left = compared.held(drop.measure, generator)
    residuals = class_residuals(*sides) if "accuracy" in drop.changes else ()
    findings = [*map(input_finding, causes), *ours.findings(left.share, sides[1])]
    findings += rest_finding(drop, drop.measure, left, ours.restored, residuals)
    periods = list(zip(recorded, compared.cells, strict=True))
    held = [cause.moved for cause in causes]
    terms = terms_by_measure(drop, periods, compared.moved, held, generator)
    everything = compared.samples(drop.measure)
    decomposition = Decomposition.of(compared.blocks, compared.moved, everything, generator)
    if drop.measure != _ACCURACY and drop.fell(_ACCURACY):
        causes, left = compared.held(_ACCURACY, generator)
        told = {finding.subject for finding in findings}
        more = [input_finding(cause) for cause in causes if cause.moved.input.name not in told]
        ours = OurSide.of(log.starts, sides, replays, _ACCURACY, generator)
        more += rest_finding(drop, _ACCURACY, left, ours.restored, residuals)
        findings += [replace(finding, measure=_ACCURACY) for finding in more]
    return replace(
        diagnosis,
        inputs=tuple(compared.moved),
        terms=terms,
        residuals=residuals,
        findings=tuple(rank(findings)),
        notes=(*diagnosis.notes, *compared.notes),
        decomposition=decomposition,
    )


def _usual(column: Categories) -> str:
    """Return the text of most rows."""
    return column.names[int(np.bincount(column.codes[column.codes >= 0]).argmax())]


def _require_documents(log: LogTable, option: str, period: Period, documents: Documents) -> None:
    if len(documents):
        return
    champions = log.champions
    if not champions:
        message = "the log holds no answered document; was it written by a service that answered?"
        raise CallError(message)
    first = min(champion.first_observed_at for champion in champions)
    last = max(champion.last_observed_at for champion in champions)
    message = (
        f"{option} {period}: no document was answered then; the log has documents from "
        f"{rfc3339(first)} to {rfc3339(last)}: name a part of that, in UTC or with its offset"
    )
    raise CallError(message)

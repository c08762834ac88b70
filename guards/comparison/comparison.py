"""Champion against every challenger, from the logs of any number of replicas and runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guards.comparison.periods import Period, Periods
from guards.errors import CallError
from guards.evidence.label_evidence import label_evidence
from guards.evidence.labelled_pairs import LabelledPairs
from guards.evidence.labels import LabelSource
from guards.evidence.pair_evidence import PairEvidence
from guards.evidence.report import challenger_report
from guards.evidence.verdict import judge
from guards.moments import microseconds, rfc3339
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.events.log_table import ChampionSeen, LogTable
    from guards.events.reading import LogAccount
    from guards.evidence.criteria import Policy
    from guards.evidence.labels import KnownLabels
    from guards.evidence.pair import ChallengerId
    from guards.evidence.verdict import Verdict
    from guards.json_types import JsonObject

__all__ = ["ChallengerComparison", "Comparison", "compare_logs", "last_champion"]


@dataclass(frozen=True, slots=True)
class ChallengerComparison:
    """What the evidence says of one challenger: the report as JSON, by period, and the verdict."""

    challenger: ChallengerId
    report: JsonObject
    periods: tuple[Period, ...]
    verdict: Verdict

    def to_json(self) -> JsonObject:
        """Return the comparison as plain JSON."""
        return {
            **self.challenger.to_json(),
            **self.report,
            "periods": [period.to_json() for period in self.periods],
            "verdict": self.verdict.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """What logs and labels say of the champion that answered last, and of its challengers.

    ``others`` are bundles that were champion before: what they answered is left out.
    """

    champion: ChampionSeen
    others: tuple[ChampionSeen, ...]
    challengers: tuple[ChallengerComparison, ...]
    account: LogAccount

    def to_json(self) -> JsonObject:
        """Return the comparison as plain JSON."""
        challengers = [challenger.to_json() for challenger in self.challengers]
        return {
            "champion": _champion_json(self.champion),
            "left_out": [_champion_json(other) for other in self.others],
            "challengers": challengers,
            "verdict": challengers[0]["verdict"],
            "log": self.account.to_json(),
        }


def compare_logs(
    log: LogTable,
    known: KnownLabels,
    policy: Policy,
    *,
    challenger: str | None = None,
    ripe_s: float | None = None,
) -> Comparison:
    """Compare the last champion of a log with its challengers.

    ``challenger`` is the id of the only one to report, as a string; the error of a promotion is
    divided among all of them all the same. Raises ``CallError`` where there is no observation, no
    challenger or not this one, or a guardrail for a class that no label is.
    """
    champion, chosen, heard = last_champion(log, challenger)
    others = [other for other in log.champions if other != champion]
    policy = replace(policy, challengers=heard)
    classes = log.labels(champion.identity)
    policy.check_classes(classes)
    reading = _Reading(log, champion, classes, known, ripe_s)
    return Comparison(
        champion=champion,
        others=tuple(others),
        challengers=tuple(_compare(reading, who, policy) for who in chosen),
        account=log.account,
    )


def last_champion(
    log: LogTable, challenger: str | None
) -> tuple[ChampionSeen, Sequence[ChallengerId], int]:
    """Return who was champion last, its challengers or the named one, and how many there are.

    Raises ``CallError`` where there is no observation, no challenger, or not the named one.
    """
    champions = log.champions
    if not champions:
        message = "the log holds no answered document; was it written by a service that answered?"
        raise CallError(message)
    heard = log.challengers(champions[-1].identity)
    return champions[-1], _chosen(heard, challenger), len(heard)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The documents of one champion in a log, and the labels that are known of them."""

    log: LogTable
    champion: ChampionSeen
    classes: Sequence[str]
    known: KnownLabels
    ripe_s: float | None


def _compare(reading: _Reading, challenger: ChallengerId, policy: Policy) -> ChallengerComparison:
    known = reading.known
    drawn = any(label.source is LabelSource.QUEUE for label in known.labels.values())
    pairs = PairEvidence(policy.guarded_segments)
    labelled = LabelledPairs(
        known.labels.keys() | known.corrections.keys(),
        disagreements=drawn,
        guarded=policy.guarded_segments,
    )
    first, last = reading.champion.first_observed_at, reading.champion.last_observed_at
    periods = Periods(microseconds(first), microseconds(last))
    for columns in reading.log.pairs(reading.champion.identity, challenger):
        pairs.update(columns)
        labelled.update(columns)
        periods.update(columns)
    labels = None
    if known.labels or known.corrections:
        moments = (label.labelled_at for label in known.labels.values())
        last = max([reading.log.last_timestamp, *(moment for moment in moments if moment)])
        last_us = microseconds(last)
        labels = label_evidence(labelled, known, last_us, reading.ripe_s)
    return ChallengerComparison(
        challenger=challenger,
        report=challenger_report(pairs, labels, reading.classes),
        periods=tuple(periods.get(reading.log.windows())),
        verdict=judge(pairs, labels, policy),
    )


def _champion_json(champion: ChampionSeen) -> JsonObject:
    return {
        **champion.identity.to_json(),
        "documents": champion.documents,
        "from": rfc3339(champion.first_observed_at),
        "to": rfc3339(champion.last_observed_at),
    }


def _chosen(heard: Sequence[ChallengerId], challenger: str | None) -> Sequence[ChallengerId]:
    if not heard:
        message = (
            "no document of this champion was offered to a challenger; serve with --challenger "
            "and a SHADOW_SAMPLE above 0"
        )
        raise CallError(message)
    chosen = [who for who in heard if challenger in (None, str(who))]
    if not chosen:
        message = (
            f"no challenger {challenger!r} in the log; it holds {listed(list(map(str, heard)))}"
        )
        raise CallError(message)
    return chosen

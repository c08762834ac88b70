"""What a diagnosis has to say, ranked by what undoing it restores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from guards.diagnosis.blocks import HOUR_US
from guards.diagnosis.cell_space import CLASS, LABEL
from guards.diagnosis.onset import onset
from guards.diagnosis.restoring import Restored
from guards.drift.rounding import share_pair
from guards.moments import from_microseconds, rfc3339
from guards.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from guards.diagnosis.causes import InputCause
    from guards.diagnosis.cell_space import WatchedInput
    from guards.diagnosis.class_residuals import ClassResidual
    from guards.diagnosis.drop import Drop
    from guards.diagnosis.moved_inputs import InputBlocks
    from guards.diagnosis.our_side import SideChange
    from guards.json_types import JsonObject

    Floats = NDArray[np.float64]

__all__ = [
    "CODES",
    "DiagnosisFinding",
    "input_code",
    "input_finding",
    "rank",
    "rest_finding",
    "served_finding",
    "side_finding",
]

CODES: Mapping[str, str] = {
    "our_side": "the services run something else than before",
    "served_otherwise": "the services answer otherwise than the bundle that they name",
    "missing_values": "a column is missing more often",
    "unknown_categories": "a column has categories that training did not have",
    "values_moved": "the values of a column are distributed otherwise",
    "longer_texts": "texts have another length",
    "other_texts": "texts are about something else",
    "class_mix": "other classes come more often",
    "traffic_mix": "documents come from elsewhere",
    "meaning_changed": "the same documents have other labels",
    "unexplained": "nothing that the logs tell holds this part of the change",
}
"""What each finding of a diagnosis means."""

_REMEDIES = {
    "missing_values": "find out who no longer fills {name}, and send it again",
    "unknown_categories": "map the new categories of {name} to those of training, or train with "
    "labelled documents that have them",
    "values_moved": "compare {name} with what its source sent before: unit, scale, default",
    "categories_moved": "look at each value of {name} by itself, because others come more often",
    "longer_texts": "look at the words that came, and train with such texts if they stay",
    "other_texts": "label documents that understudy label-queue draws, and train on what "
    "understudy export-training makes of them",
    "class_mix": "draw documents to label with understudy label-queue: the mix may be right",
    "traffic_mix": "look at each {name} by itself, because documents come from elsewhere",
}
"""What to do about inputs, by the code of the finding; categories that move are no numbers."""

_BY_NAME = {
    LABEL: "class_mix",
    CLASS: "class_mix",
    "text.tokens": "longer_texts",
    "text.truncated": "longer_texts",
}

_MAX_CELLS = 3
_MAX_VALUE_CHARS = 40
_HALF = 0.5
_MUCH = 0.3
_LITTLE = 0.05


@dataclass(frozen=True, slots=True)
class DiagnosisFinding:
    """One thing that changed.

    ``expected`` is what it was in the good period, ``observed`` what it is in the bad one.
    ``restores`` is the share of the change that undoing it restores besides the findings before it,
    None where nothing tells; ``at_most`` is what is left for it then. ``since`` is a moment as RFC
    3339, where the logs tell. ``measure`` is what changed, where that is not what the drop is of.
    """

    code: str
    subject: str
    expected: str
    observed: str
    restores: Restored | None
    at_most: float | None
    since: str | None
    evidence: JsonObject
    remedy: str
    measure: str | None = None

    def to_json(self) -> JsonObject:
        """Return the finding as plain JSON."""
        return {
            "code": self.code,
            "subject": self.subject,
            "expected": self.expected,
            "observed": self.observed,
            "restores": "unknown" if self.restores is None else self.restores.to_json(),
            "at_most": self.at_most,
            "since": self.since,
            "evidence": self.evidence,
            "remedy": self.remedy,
            "measure": self.measure,
        }


def rank(findings: Sequence[DiagnosisFinding]) -> list[DiagnosisFinding]:
    """Return those first that restore most; what is not known counts as what is left for it."""

    def weight(finding: DiagnosisFinding) -> float:
        return finding.at_most or 0.0 if finding.restores is None else finding.restores.share

    return sorted(findings, key=lambda finding: -weight(finding))


def input_finding(cause: InputCause) -> DiagnosisFinding:
    """Return the finding of an input that moved."""
    blocks = cause.moved.blocks
    code = input_code(blocks.input, *cause.shares)
    remedy = code
    if code == "values_moved" and not blocks.input.numeric:
        remedy = "categories_moved"
    good, bad = _told_shares(blocks)
    return DiagnosisFinding(
        code=code,
        subject=blocks.input.name,
        expected=good,
        observed=bad,
        restores=cause.restores,
        at_most=None,
        since=rfc3339(from_microseconds(onset(blocks.good, blocks.bad) * HOUR_US)),
        evidence={**cause.moved.moved.to_json(), "alone": cause.alone},
        remedy=_REMEDIES[remedy].format(name=printable(blocks.input.name, _MAX_VALUE_CHARS)),
    )


def side_finding(change: SideChange, restores: Restored | None, left: float) -> DiagnosisFinding:
    """Return the finding of something that changed on our side."""
    before, now = (
        "; ".join(f"{name} {listed(values[side])}" for name, values in change.values.items())
        for side in (0, 1)
    )
    return DiagnosisFinding(
        code="our_side",
        subject=", ".join(change.values),
        expected=before,
        observed=now,
        restores=restores,
        at_most=max(left, 0.0) if restores is None else None,
        since=rfc3339(from_microseconds(change.since_us)),
        evidence={"replicas": list(change.replicas), "others": list(change.others)},
        remedy=_side_remedy(restores),
    )


def _side_remedy(restores: Restored | None) -> str:
    if restores is None:
        return (
            "understudy replay LOG... --bundle BUNDLE -o replayed.jsonl, with the bundle of the "
            "good period, and diagnose LOG... again with replayed.jsonl beside it"
        )
    if restores.share < _LITTLE:
        return "nothing: undoing it would not bring the answers of the good period back"
    return "go back to what ran in the good period, or train again for the documents of now"


def served_finding(restores: Restored, replicas: Sequence[str]) -> DiagnosisFinding:
    """Return the finding of services that answer otherwise than the bundle that they name."""
    return DiagnosisFinding(
        code="served_otherwise",
        subject="bundle",
        expected="a replay of the documents gives the answers of the log",
        observed=f"{listed(replicas)} gave other answers than the bundle gives to the same "
        "documents",
        restores=restores,
        at_most=None,
        since=None,
        evidence={"replicas": list(replicas)},
        remedy="find out what the service loads besides the sealed bundle, and with which "
        "libraries: start it from the bundle, after understudy verify on its machine",
    )


def rest_finding(
    drop: Drop,
    measure: str,
    left: Restored,
    studies: Sequence[Restored] | None,
    residuals: Sequence[ClassResidual],
) -> Iterator[DiagnosisFinding]:
    """Yield a finding of what neither inputs nor our side hold, where that is much.

    What is left of a fall of the accuracy with inputs as before is a change of meaning: of the
    classes answered whose ``residuals`` fell. Where what our side holds is not known, ``studies``
    is None; then it is told if such classes say so, and what it restores is unknown, too.
    """
    # What chance could make negative would make what is left larger than it is.
    held = sum(each.share if each.high < 0 else max(each.share, 0.0) for each in studies or ())
    share = Restored(left.share - held, left.low - held, left.high - held)
    if share.share < _MUCH:
        return
    changed = measure == "accuracy" and drop.changes[measure].size < 0
    classes = [
        each.name for each in residuals if each.moved and each.discovered and each.moved.change < 0
    ]
    if studies is None and not (changed and classes):
        return
    told = f", where the answer is {listed(classes)}" if classes else ""
    yield DiagnosisFinding(
        code="meaning_changed" if changed else "unexplained",
        subject=measure,
        expected="answers of known documents are right as often as before" if changed else "",
        observed=f"of documents like those before, more answers are wrong{told}" if changed else "",
        restores=None if studies is None else share,
        at_most=share.share if studies is None else None,
        since=None,
        evidence={"classes": classes} if changed else {},
        remedy=(
            "ask who labels whether a label means something else now; train again on new labels"
            if changed
            else "look at the words that came and went, and at what drives the answers to "
            "documents of both periods, which diagnose LOG... --explain BUNDLE compares"
        ),
    )


def input_code(watched: WatchedInput, good: Floats, bad: Floats) -> str:
    """Return the code of what happened to an input: of a column, by the cells that gained most.

    ``good`` and ``bad`` float64 [cells] are the shares of its cells.
    """
    name = watched.name
    if watched.traffic:
        return "traffic_mix"
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.startswith("text."):
        return "other_texts"
    *values, missing, outside = np.maximum(bad - good, 0).tolist()
    if missing >= _HALF * (sum(values) + missing + outside):
        return "missing_values"
    unknown = outside >= _HALF * (sum(values) + outside) and not watched.numeric
    return "unknown_categories" if unknown else "values_moved"


def _told_shares(blocks: InputBlocks) -> tuple[str, str]:
    """Return the cells whose shares changed most, as texts of both periods."""
    good, bad = blocks.shares
    furthest = np.argsort(-np.abs(bad - good), kind="stable")[:_MAX_CELLS]
    told: tuple[list[str], list[str]] = ([], [])
    for cell in furthest.tolist():
        if good[cell] == bad[cell]:
            continue
        name = printable(blocks.input.cells[cell], _MAX_VALUE_CHARS)
        for side, share in zip(told, share_pair(good[cell], bad[cell]), strict=True):
            side.append(f"{name} {share}")
    return ", ".join(told[0]), ", ".join(told[1])

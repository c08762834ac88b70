"""The judgement of every bundle of the settings, and of champion and challengers together.

``judge_roles`` runs before the port opens. The worker gets its judgements through the environment,
so that it loads only what has passed, however often it is started.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from guards.errors import CallError, Finding
from guards.integrity.labels import disjoint_labels, labels_of_one
from guards.performance.cost import CostTable
from guards.text import printable
from service.lifecycle.judging import Judgement, Question, judge
from service.settings import PREFIX, SettingsError, allowance_of, requirements_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.settings import Settings

__all__ = ["JUDGED", "costs_of", "hand_over", "handed_over", "judge_roles", "role_of"]

JUDGED = "_UNDERSTUDY_JUDGED"
"""Variable with the judgements, as a JSON list in the order of ``judge_roles``."""

_MAX_BYTES = 96 * 1024
"""Linux takes 128 KiB for one variable."""

_MAX_FINDINGS = 8
_MAX_CHARS = 300


def role_of(index: int) -> str:
    """Return the role of the bundle at this place among the judgements."""
    return "challenger" if index else "champion"


def judge_roles(settings: Settings) -> list[Judgement]:
    """Judge the champion and then the challengers, in the order of the settings.

    A challenger without a label of the champion's is refused; labels that only one of both knows
    are named on standard error. Raises ``CallError`` where a setting names what is not there.
    """
    questions = [
        Question(path, requirements_of(settings, role_of(index)), settings.engine)
        for index, path in enumerate(_paths(settings))
    ]
    judgements: list[Judgement] = []
    for judgement in judge(questions, allowance_of(settings)):
        if judgements:
            judgements.append(_beside(judgements[0], judgement))
        else:
            _check_labels(settings, judgement)
            judgements.append(judgement)
    return judgements


def hand_over(judgements: Iterable[Judgement]) -> None:
    """Leave the judgements to the processes that this one starts.

    Where they are too long for that, a worker has the bundles judged again.
    """
    text = json.dumps([_shortened(judgement).to_json() for judgement in judgements])
    os.environ.pop(JUDGED, None)
    if len(text) <= _MAX_BYTES:
        os.environ[JUDGED] = text


def handed_over(settings: Settings) -> list[Judgement] | None:
    """Return the judgements that were left for these settings; None where there are none."""
    try:
        judgements = [Judgement.from_json(one) for one in json.loads(os.environ.get(JUDGED, ""))]
    except (ValueError, KeyError, TypeError):
        return None
    judged = [judgement.path for judgement in judgements]
    return judgements if judged == _paths(settings) else None


def _paths(settings: Settings) -> list[str]:
    return [str(settings.champion), *settings.challengers]


def costs_of(settings: Settings, labels: Sequence[str]) -> CostTable | None:
    """Return what the champion's answers cost, None without a table; raises ``SettingsError``."""
    if settings.cost is None:
        return None
    try:
        return CostTable.read(settings.cost, labels)
    except CallError as error:
        message = f"{PREFIX}COST: {error}"
        raise SettingsError(message) from None


def _check_labels(settings: Settings, champion: Judgement) -> None:
    """Raise ``SettingsError`` where a setting names other labels than the champion's."""
    if champion.identity is None:
        return
    costs_of(settings, champion.labels)
    try:
        settings.policy.check_classes(champion.labels)
    except CallError as error:
        message = f"{PREFIX}GUARDRAILS: {error}"
        raise SettingsError(message) from None


def _beside(champion: Judgement, challenger: Judgement) -> Judgement:
    """Return a challenger's judgement, refused where it has no label of the champion's."""
    if champion.identity is None or challenger.identity is None:
        return challenger
    if finding := disjoint_labels(champion.labels, challenger.labels):
        return Judgement(challenger.path, (finding,))
    if note := labels_of_one(champion.labels, challenger.labels):
        path = printable(challenger.path)
        sys.stderr.write(f"understudy: challenger {path}: {note}\n")
    return challenger


def _shortened(judgement: Judgement) -> Judgement:
    """Return a judgement with what a worker needs: the identity, or some findings."""
    findings = tuple(map(_cut, judgement.findings[:_MAX_FINDINGS]))
    return Judgement(judgement.path, findings, judgement.identity, bound=judgement.bound)


def _cut(finding: Finding) -> Finding:
    texts = (finding.subject, finding.expected, finding.observed, finding.remedy)
    return Finding(finding.code, *(printable(text, _MAX_CHARS) for text in texts))

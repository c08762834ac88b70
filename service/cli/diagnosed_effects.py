"""Words and columns that drive a bundle's answers to the documents of two periods differently."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from artifacts.bundle.opening import open_bundle
from artifacts.explanation.explain import explained_periods
from artifacts.explanation.integrated_gradients import can_integrate
from artifacts.explanation.samples import Sample
from artifacts.explanation.side_by_side import RATE, tested_effects
from guards.diagnosis.drawn_documents import DrawnDocuments
from guards.diagnosis.effect_phrases import not_fitting, too_few_documents
from guards.diagnosis.effects import DifferingEffect, Effects
from guards.diagnosis.mean_effects import MIN_DOCUMENTS
from guards.errors import CallError
from guards.integrity.requirements import Requirements
from guards.text import listed, printable
from service.cli.diagnosed_words import add_captured, add_rows, with_words
from service.cli.explanation_text import WITHOUT_CAPTUM
from service.cli.judged import require_judged
from service.cli.replay_sources import read_documents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from guards.diagnosis.playbook import Diagnosis
    from guards.events.captured import CapturedDocument
    from guards.events.log_table import LogTable
    from guards.events.recorded import RecordedDocument
    from guards.json_types import JsonMapping, JsonObject

    Joined = Mapping[str, RecordedDocument]
    Drawn = DrawnDocuments[JsonMapping]

__all__ = ["MAX_EXPLAINED", "open_explaining", "with_words_and_effects"]

MAX_EXPLAINED = 200
"""Documents of a period: explaining one takes as long as answering tens of them."""

_SEED = 0


def open_explaining(path: Path, trust: Sequence[str], documents: Path | None) -> Bundle:
    """Judge and open the bundle that is to explain documents.

    Raises ``GuardRefused`` where it does not pass, and ``CallError`` where it has private columns,
    which no log holds, and no table of ``documents`` is named.
    """
    (judged,) = require_judged([path], Requirements(trusted=tuple(trust)))
    bundle = open_bundle(path, judged)
    private = bundle.preprocessing.schema.private
    if private and documents is None:
        message = (
            f"--explain {path}: no log holds the bundle's private columns, {listed(private)}: name "
            "a table with request_id, text and columns by --documents"
        )
        raise CallError(printable(message))
    return bundle


def with_words_and_effects(
    diagnosis: Diagnosis, log: LogTable, bundle: Bundle, documents: Path | None
) -> Diagnosis:
    """Return a diagnosis with words that came and went, and effects that differ, or with notes.

    Texts and columns come from ``documents``, a table as the bundle takes it, else from what the
    log captured. What could be chance has neither. Raises ``TableError`` for a table that cannot be
    used.
    """
    if diagnosis.could_be_chance:
        return diagnosis
    joined = None if documents is None else read_documents(documents, [bundle])
    texts = None if joined is None else ((name, each["text"]) for name, each in _known(joined))
    draws = _draw(diagnosis, log, joined)
    effects, notes = _effects(bundle, draws, documents, piped=log.piped)
    worded = with_words(diagnosis, log, documents, texts)
    return replace(worded, effects=effects, notes=(*worded.notes, *notes))


def _known(joined: Joined) -> list[tuple[str, JsonMapping]]:
    return [(name, each.document) for name, each in joined.items() if each.document is not None]


def _draw(diagnosis: Diagnosis, log: LogTable, joined: Joined | None) -> tuple[Drawn, Drawn]:
    """Return the documents of the good and the bad period that are to be explained."""
    good, bad = (
        DrawnDocuments(log, period, number, MAX_EXPLAINED, _document)
        for period, number in zip((diagnosis.good, diagnosis.bad), diagnosis.documents, strict=True)
    )
    if joined is None:
        add_captured(good, bad, log)
    else:
        add_rows(good, bad, _known(joined))
    return good, bad


def _document(line: CapturedDocument) -> JsonMapping:
    return {"text": line.text, "features": line.features}


def _effects(
    bundle: Bundle, draws: Sequence[Drawn], documents: Path | None, *, piped: bool
) -> tuple[Effects | None, list[str]]:
    """Return the effects that differ, None where documents do not suffice; and notes."""
    reasons: Counter[str] = Counter()
    good, bad = (_fitting(bundle, drawn, reasons) for drawn in draws)
    notes = [not_fitting(reasons)] if reasons else []
    sizes = len(good), len(bad)
    if min(sizes) < MIN_DOCUMENTS:
        table = None if documents is None else str(documents)
        return None, [*notes, too_few_documents(sizes, table, piped=piped)]
    generator = np.random.default_rng(_SEED)
    before, after = explained_periods(bundle, [good, bad], generator)
    tested = tested_effects(before, after, bundle.labels, generator)
    found = [_differing(each) for each in tested if each["differs"]]
    effects = Effects(
        bundle=f"{bundle.identity.name}/{bundle.identity.version}",
        documents=sizes,
        sampled=any(drawn.sampled for drawn in draws),
        rate=RATE,
        tested=len(tested),
        differing=tuple(sorted(found, key=_by_clarity)),
    )
    return effects, notes if can_integrate() else [*notes, WITHOUT_CAPTUM]


def _fitting(bundle: Bundle, drawn: Drawn, reasons: Counter[str]) -> Sample:
    """Return the drawn documents that the bundle takes; counts why it does not take others."""
    sample = Sample("", len(drawn.drawn), [], [])
    for document in drawn.drawn:
        row, problems = bundle.preprocessing.schema.canonical(document["features"], path="")
        if problems:
            reasons[f"{problems[0].path}: {problems[0].problem}"] += 1
        else:
            sample.texts.append(document["text"])
            sample.rows.append(row)
    return sample


def _differing(tested: JsonObject) -> DifferingEffect:
    kind: Literal["word", "column"] = "word" if "word" in tested else "column"
    label, (before, after) = tested.get("class"), tested["means"]
    return DifferingEffect(tested[kind], kind, label, before, after, tested["p_value"])


def _by_clarity(effect: DifferingEffect) -> tuple[float, float, str, str]:
    difference = abs(effect.after - effect.before)
    return effect.p_value, -difference, effect.subject, effect.label or ""

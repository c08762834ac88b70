"""A diagnosis as a page: its first screen is the answer, and every number is in a table, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.distributions import DistributionCell
from guards.diagnosis.drop import PERCENTILES
from guards.diagnosis.phrases import (
    RESIDUALS,
    answer,
    changes_in_words,
    percent,
    residual_row,
)
from guards.diagnosis.report.challengers import challengers_of
from guards.diagnosis.report.decomposition import decomposition_of
from guards.diagnosis.report.effects import effects_of_page
from guards.diagnosis.report.findings_list import findings_list
from guards.diagnosis.report.inputs import moved_inputs_of
from guards.diagnosis.report.outlines import outlines
from guards.diagnosis.report.over_time import over_time_of
from guards.diagnosis.report.sides import KEY, PERIODS
from guards.diagnosis.report.steps import Axis, steps_of
from guards.diagnosis.report.terms import terms_of_page
from guards.diagnosis.report.words import words_of_page
from guards.pages.bars import BarRow, bar_table
from guards.pages.document import document
from guards.pages.elements import (
    escaped,
    faint,
    folded_table,
    more,
    section,
    sentence,
    table,
)
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.diagnosis.class_residuals import ClassResidual
    from guards.diagnosis.playbook import Diagnosis
    from guards.events.reading import LogAccount
    from guards.json_types import JsonMapping

__all__ = ["page"]

_MAX_ROWS = 40


def page(diagnosis: Diagnosis, account: LogAccount) -> str:
    """Return the page as HTML; the same diagnosis gives the same text."""
    return document(answer(diagnosis), _parts(diagnosis, account))


def _parts(diagnosis: Diagnosis, account: LogAccount) -> Iterator[str]:
    yield f"<header><h1>{escaped(sentence(answer(diagnosis)))}</h1>"
    for name, period, documents in zip(
        PERIODS, (diagnosis.good, diagnosis.bad), diagnosis.documents, strict=True
    ):
        yield faint(f"{name}: {period}, {counted(documents, 'document')}")
    yield "</header>"
    if diagnosis.findings:
        yield section("What changed", [findings_list(diagnosis.findings)])
    yield section("Confidence before and after", _confidence(diagnosis))
    if diagnosis.terms:
        yield section("By kinds of documents", terms_of_page(diagnosis.terms))
    if diagnosis.decomposition is not None:
        yield section("Where it sits", decomposition_of(diagnosis.decomposition))
    yield section("Over time", over_time_of(diagnosis.timeline, diagnosis.bad))
    yield section("By class", _by_name("class", diagnosis.drop.classes))
    if diagnosis.residuals:
        yield section("Right answers by class", _residuals(diagnosis.residuals))
    if len(diagnosis.drop.segments) > 1:
        yield section("By segment", _by_name("segment", diagnosis.drop.segments))
    if diagnosis.inputs:
        inputs = moved_inputs_of(diagnosis.inputs, diagnosis.distributions)
        yield section("Inputs that moved", [KEY, *inputs])
    yield from _texts(diagnosis)
    if diagnosis.challengers:
        yield section("Champion and challengers", challengers_of(diagnosis.challengers))
    yield section("What this rests on", _grounds(diagnosis, account))


def _texts(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.words is not None:
        words = words_of_page(diagnosis.words, diagnosis.documents)
        yield section("Words that came and went", words)
    if diagnosis.effects is not None:
        yield section("What drives the answers", effects_of_page(diagnosis.effects))


def _confidence(diagnosis: Diagnosis) -> Iterator[str]:
    drop = diagnosis.drop
    for line in changes_in_words(diagnosis):
        yield f"<p>{escaped(line)}</p>"
    size = len(drop.histogram[0])
    cells = [
        DistributionCell("", *counts, number / size, (number + 1) / size)
        for number, counts in enumerate(zip(*drop.histogram, strict=True))
    ]
    filled = [cell for cell in cells if cell.good or cell.bad]
    axis = Axis(min(cell.low or 0.0 for cell in filled), 1.0)
    steps = steps_of(cells[-round(size * (1 - axis.low)) :], axis)
    label = "confidence: the good period as an area, the bad one as a line; areas are shares"
    yield f'{KEY}<div class="grid"><div>{outlines(label, steps, axis, diagnosis.documents)}'
    bins = [(f"{step.low:.2f} to {step.high:.2f}", step.good, step.bad) for step in steps]
    yield f"{folded_table('documents by confidence', ('confidence', *PERIODS), bins)}</div>"
    at = [
        (f"{of} %", *(f"{value:.4f}" for value in values))
        for of, *values in zip(PERCENTILES, *drop.percentiles, strict=True)
    ]
    yield f"{table('percentiles of the confidence', ('percentile', *PERIODS), at)}</div>"


def _by_name(kind: str, entries: Mapping[str, JsonMapping]) -> Iterator[str]:
    largest = sorted(entries, key=lambda name: (-max(_shares(entries[name])), name))
    rows = [
        BarRow(
            name,
            _shares(entries[name]),
            (_told(entries[name]["good"]), _told(entries[name]["bad"])),
        )
        for name in largest[:_MAX_ROWS]
    ]
    yield bar_table(f"share and mean confidence by {kind}", (kind, *PERIODS), rows)
    yield more(len(entries) - _MAX_ROWS)


def _residuals(residuals: Sequence[ClassResidual]) -> Iterator[str]:
    yield table(
        "right answers against what their confidence expects",
        RESIDUALS,
        map(residual_row, residuals[:_MAX_ROWS]),
    )
    yield more(len(residuals) - _MAX_ROWS)


def _shares(entry: JsonMapping) -> tuple[float, float]:
    return float(entry["good"]["share"]), float(entry["bad"]["share"])


def _told(side: JsonMapping) -> str:
    mean = side["confidence"]
    return f"{percent(side['share'])}, {mean:.4f}" if mean is not None else "none"


def _grounds(diagnosis: Diagnosis, account: LogAccount) -> Iterator[str]:
    for note in diagnosis.notes:
        yield f"<p>{escaped(sentence(note))}.</p>"
    yield table("the log", ("lines", "number"), account.counts.items())

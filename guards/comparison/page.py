"""A comparison as a page: the verdict in one sentence, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.moments import from_microseconds
from guards.pages.bars import BarRow, bar_table
from guards.pages.document import document
from guards.pages.drawing import key
from guards.pages.elements import escaped, faint, more, section, sentence, table, text_table
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.comparison.comparison import ChallengerComparison, Comparison
    from guards.comparison.periods import Period
    from guards.evidence.verdict import Verdict
    from guards.json_types import JsonMapping

__all__ = ["page"]

_SIDES = ("champion", "challenger")
_MAX_ROWS = 40
_MAX_MATRIX = 12
_NONE = "none"


def page(comparison: Comparison) -> str:
    """Return the page as HTML; the same comparison gives the same text."""
    return document(_answer(comparison), _parts(comparison))


def _answer(comparison: Comparison) -> str:
    first = comparison.challengers[0]
    identity = comparison.champion.identity
    champion, challenger = f"{identity.name}/{identity.version}", str(first.challenger)
    return {
        "promote": f"promote {challenger}: it is to take the place of {champion}",
        "keep": f"keep {champion}: {challenger} is not to take its place",
        "undecided": f"undecided whether {challenger} is to take the place of {champion}",
    }[first.verdict.decision]


def _parts(comparison: Comparison) -> Iterator[str]:
    champion = comparison.champion
    first, last = (
        f"{moment:%Y-%m-%d %H:%M}"
        for moment in (champion.first_observed_at, champion.last_observed_at)
    )
    yield f"<header><h1>{escaped(sentence(_answer(comparison)))}</h1>"
    yield faint(f"{counted(champion.documents, 'document')}, {first} to {last} UTC")
    yield "</header>"
    for challenger in comparison.challengers:
        yield section(f"Verdict on {challenger.challenger}", _verdict(challenger.verdict))
        yield section(f"What {challenger.challenger} answered", _answers(challenger))
    yield section("What this rests on", _grounds(comparison))


def _verdict(verdict: Verdict) -> Iterator[str]:
    reasons = "".join(f"<li>{escaped(sentence(each))}</li>" for each in verdict.because)
    yield f"<p><strong>{escaped(verdict.decision)}</strong></p><ul>{reasons}</ul>"
    if verdict.labels_needed is not None:
        yield f"<p>{escaped(sentence(verdict.labels_needed.words))}.</p>"
    rows = (
        (
            f"{each.kind}: {each.name}",
            "yes" if each.shown else "no",
            _number(each.bound),
            _NONE if each.needed is None else f"{_number(each.evidence)} of {each.needed:.4g}",
        )
        for each in verdict.criteria
    )
    yield text_table("criteria", ("criterion", "shown", "bound", "e-value, of needed"), rows)
    words = "".join(f"<li>{escaped(each.words)}</li>" for each in verdict.criteria)
    yield f"<details><summary>the criteria in words</summary><ul>{words}</ul></details>"
    honesty = verdict.honesty
    yield faint(
        f"Of {honesty.of} copies without any shift of confidence, {honesty.crossed} are beyond the "
        "bound; at most 5 are expected."
    )


def _answers(comparison: ChallengerComparison) -> Iterator[str]:
    report = comparison.report
    missed = "".join(f", {count} {reason}" for reason, count in report["missed"].items())
    yield f"<p>Compared {report['compared']} of {report['observations']} documents{missed}.</p>"
    if report["agreement"] is None:
        return
    figures = [
        ("agreement", _percent(report["agreement"]), _range(report["agreement_interval"])),
        (
            "shift of the confidence",
            _signed(report["confidence_shift"]),
            _range(report["confidence_shift_interval"]),
        ),
    ]
    yield table("95 % intervals that hold at any time", ("figure", "value", "interval"), figures)
    yield key(*_SIDES)
    yield bar_table("in numbers", ("figure", *_SIDES), list(_means(report)), largest=1.0)
    yield from _disagreements(report["disagreements"])
    yield _parts_table("class", [(name, part) for name, part in report["classes"].items()])
    if report["segments"]:
        named = [
            ("others" if part["segment"] is None else part["segment"], part)
            for part in report["segments"]
        ]
        yield _parts_table("segment", named)
    yield _periods(comparison.periods)


def _means(report: JsonMapping) -> Iterator[BarRow]:
    confidence = report["confidence"]
    yield _bar("mean confidence", *(confidence[side] for side in _SIDES))
    accuracy = report["accuracy"]
    if accuracy is not None and all(accuracy[side] is not None for side in _SIDES):
        yield _bar("accuracy", *(accuracy[side]["accuracy"]["value"] for side in _SIDES))


def _bar(name: str, champion: float | None, challenger: float | None) -> BarRow:
    return BarRow(name, (champion, challenger), (_number(champion), _number(challenger)))


def _disagreements(matrix: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield the matrix of few labels, and of many the most frequent pairs of different ones."""
    labels = sorted({*matrix, *(name for row in matrix.values() for name in row)})
    if len(labels) <= _MAX_MATRIX:
        rows = [
            (name, *(matrix.get(name, {}).get(other, 0) for other in labels)) for name in labels
        ]
        caption = "the champion's labels by row, the challenger's by column"
        yield table(caption, ("label", *labels), rows)
        return
    pairs = sorted(
        (
            (champion, challenger, count)
            for champion, row in matrix.items()
            for challenger, count in row.items()
            if champion != challenger
        ),
        key=lambda pair: (-pair[2], pair),
    )
    yield text_table(
        "disagreements, the most frequent first", (*_SIDES, "documents"), pairs[:_MAX_ROWS]
    )
    yield more(len(pairs) - _MAX_ROWS)


def _parts_table(kind: str, parts: Sequence[tuple[str, JsonMapping]]) -> str:
    rows = [
        (
            name,
            part["documents"],
            _percent(part["agreement"]),
            _signed(part["confidence_shift"]),
            _range(part["confidence_shift_interval"]) if part["documents"] else _NONE,
            part["won"],
            part["lost"],
        )
        for name, part in parts[:_MAX_ROWS]
    ]
    heads = (kind, "documents", "agreement", "shift", "interval", "won", "lost")
    return f"{table(f'by {kind}', heads, rows)}{more(len(parts) - _MAX_ROWS)}"


def _periods(periods: Sequence[Period]) -> str:
    rows = [
        (
            f"{from_microseconds(each.start_us):%Y-%m-%d %H:%M}",
            each.sums.compared,
            _percent(each.sums.agreed / each.sums.compared),
            _number(each.confidence(of_challenger=False)),
            _number(each.confidence(of_challenger=True)),
        )
        for each in periods[-_MAX_ROWS:]
    ]
    heads = ("from (UTC)", "documents", "agreement", "champion", "challenger")
    earlier = more(len(periods) - _MAX_ROWS)
    return f"{table('agreement and confidence over time', heads, rows)}{earlier}"


def _grounds(comparison: Comparison) -> Iterator[str]:
    for other in comparison.others:
        name = f"{other.identity.name}/{other.identity.version}"
        yield faint(f"Left out: {counted(other.documents, 'document')} that {name} answered.")
    yield table("the log", ("lines", "number"), comparison.account.counts.items())


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.4g}"


def _signed(value: float | None) -> str:
    return _NONE if value is None else f"{value:+.4f}"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{100 * value:.1f} %"


def _range(interval: JsonMapping) -> str:
    low, high = interval["low"], interval["high"]
    return _NONE if low is None or high is None else f"{low:.4f} to {high:.4f}"

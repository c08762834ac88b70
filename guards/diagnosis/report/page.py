"""A diagnosis as a page: its first screen is the answer, and every number is in a table, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.drop import PERCENTILES
from guards.diagnosis.phrases import answer, change_in_words, percent, restores_in_words
from guards.diagnosis.report.charts import histogram, line, pair_bars
from guards.diagnosis.report.elements import escaped, folded_table, table
from guards.diagnosis.report.style import POLICY, STYLE
from guards.moments import from_microseconds
from guards.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.diagnosis.causes import MovedInput
    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.playbook import Diagnosis
    from guards.events.reading import LogAccount
    from guards.json_types import JsonMapping

__all__ = ["page"]

_MAX_INPUTS = 12
_MAX_BARS = 14
_MAX_ROWS = 40
_PERIODS = ("good", "bad")


def page(diagnosis: Diagnosis, account: LogAccount) -> str:
    """Return the page as HTML; the same diagnosis gives the same text."""
    title = escaped(answer(diagnosis))
    content = "\n".join(_parts(diagnosis, account))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(POLICY)}">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{content}</main></body></html>\n"
    )


def _parts(diagnosis: Diagnosis, account: LogAccount) -> Iterator[str]:
    yield f"<h1>{escaped(_sentence(answer(diagnosis)))}</h1>"
    for name, period, documents in zip(
        _PERIODS, (diagnosis.good, diagnosis.bad), diagnosis.documents, strict=True
    ):
        yield _faint(f"{name}: {period}, {counted(documents, 'document')}")
    if diagnosis.findings:
        found = "".join(map(_finding, diagnosis.findings))
        yield f'<section><h2>What changed</h2><ol class="findings">{found}</ol></section>'
    yield _section("Confidence before and after", _confidence(diagnosis))
    yield _section("Over time", _timeline(diagnosis))
    yield _section("By class", _by_name("class", diagnosis.drop.classes))
    if len(diagnosis.drop.segments) > 1:
        yield _section("By segment", _by_name("segment", diagnosis.drop.segments))
    if diagnosis.inputs:
        yield _section("Inputs that moved", map(_input, diagnosis.inputs[:_MAX_INPUTS]))
    yield _section("What this rests on", _grounds(diagnosis, account))


def _section(title: str, content: Iterator[str] | map[str]) -> str:
    return f"<section><h2>{title}</h2>{''.join(content)}</section>"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _finding(finding: DiagnosisFinding) -> str:
    facts = {
        "good": finding.expected,
        "bad": finding.observed,
        "since": finding.since,
        "next": finding.remedy,
    }
    told = "".join(
        f"<dt>{name}</dt><dd>{escaped(value)}</dd>" for name, value in facts.items() if value
    )
    return (
        f"<li><p><strong>{escaped(finding.code)}: {escaped(finding.subject)}</strong></p>"
        f"<p>{escaped(restores_in_words(finding))}</p><dl>{told}</dl></li>"
    )


def _confidence(diagnosis: Diagnosis) -> Iterator[str]:
    drop = diagnosis.drop
    for name, change in drop.changes.items():
        yield f"<p>{escaped(change_in_words(name, change))}</p>"
    good, bad = drop.histogram
    label = "Shares of confidences from 0 to 1: the good period as a line, the bad one as bars"
    yield histogram(label, good, bad) + _faint(f"{label}.")
    bins = [
        (f"{number / len(good):.2f} to {(number + 1) / len(good):.2f}", *counts)
        for number, counts in enumerate(zip(good, bad, strict=True))
    ]
    yield folded_table("documents by confidence", ("confidence", *_PERIODS), bins)
    at = [
        (f"{of} %", *(f"{value:.4f}" for value in values))
        for of, *values in zip(PERCENTILES, *drop.percentiles, strict=True)
    ]
    yield table("percentiles of the confidence", ("percentile", *_PERIODS), at)


def _timeline(diagnosis: Diagnosis) -> Iterator[str]:
    points, alarms = diagnosis.timeline.points, diagnosis.timeline.alarms
    ends = tuple(_moment(point.start_us) for point in (points[0], points[-1]))
    label = "Mean confidence of both periods; a dashed line is an alarm"
    yield line(
        label,
        [(point.start_us, point.confidence) for point in points],
        [each.at_us for each in alarms],
        (ends[0], ends[1]),
    )
    yield _faint(f"{label}.")
    yield folded_table(
        "mean confidence",
        ("from", "documents", "confidence"),
        ((_moment(p.start_us), p.documents, f"{p.confidence:.4f}") for p in points),
    )
    if alarms:
        rows = (
            (_moment(at), each.severity.value, each.words) for _, at, each in alarms[:_MAX_ROWS]
        )
        yield table("alarms", ("at", "severity", "what"), rows)
        yield _more(len(alarms))


def _by_name(kind: str, entries: Mapping[str, JsonMapping]) -> Iterator[str]:
    largest = sorted(entries, key=lambda name: (-_share(entries[name]), name))
    rows = [
        (name, *(_told(entries[name][period]) for period in _PERIODS))
        for name in largest[:_MAX_ROWS]
    ]
    yield table(f"share and mean confidence by {kind}", (kind, *_PERIODS), rows)
    yield _more(len(entries))


def _share(entry: JsonMapping) -> float:
    return max(float(entry[period]["share"]) for period in _PERIODS)


def _told(side: JsonMapping) -> str:
    mean = side["confidence"]
    return f"{percent(side['share'])}, {mean:.4f}" if mean is not None else "none"


def _input(moved: MovedInput) -> str:
    name, cells = moved.input.name, moved.input.cells
    rows = list(zip(cells, *(side.tolist() for side in moved.blocks.shares), strict=True))
    shown = [row for row in rows if max(row[1:]) > 0]
    if not moved.input.numeric:
        shown.sort(key=lambda row: -max(row[1:]))
    label = f"{name}: share of each value, good above bad"
    numbers = ((cell, f"{good:.4f}", f"{bad:.4f}") for cell, good, bad in rows)
    how_far = f"{moved.moved.metric} {moved.moved.value:.3f}"
    return (
        f"<h3>{escaped(name)}</h3>{_faint(f'{how_far}; good above, bad below')}"
        f"{pair_bars(label, shown[:_MAX_BARS])}"
        f"{folded_table(f'shares of {name}', ('value', *_PERIODS), numbers)}"
    )


def _grounds(diagnosis: Diagnosis, account: LogAccount) -> Iterator[str]:
    for note in diagnosis.notes:
        yield f"<p>{escaped(_sentence(note))}.</p>"
    counts = {
        "lines": account.lines,
        "torn": account.torn,
        "malformed": account.malformed,
        "copies of others": account.duplicates,
        "of unknown events": account.unknown_events,
        "of a newer schema": account.newer_schema,
        "missing": account.missing,
        "windows that lack a line": account.incomplete,
    }
    yield table("the log", ("lines", "number"), counts.items())


def _faint(text: str) -> str:
    return f'<p class="faint">{escaped(text)}</p>'


def _more(count: int) -> str:
    return _faint(f"and {count - _MAX_ROWS} more") if count > _MAX_ROWS else ""


def _moment(us: int) -> str:
    return f"{from_microseconds(us):%Y-%m-%d %H:%M}"

"""A comparison as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.events.moments import from_microseconds
from guards.text import aligned, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from guards.comparison.comparison import ChallengerComparison, Comparison
    from guards.comparison.periods import Period
    from guards.events.log_table import ChampionSeen
    from guards.events.reading import LogAccount
    from guards.evidence.verdict import Verdict
    from guards.json_types import JsonMapping

__all__ = ["comparison_text"]

_MAX_ROWS = 12
_MAX_MATRIX = 8
_MAX_PERIODS = 11
_MAX_NAMED = 3
_NONE = "-"


def comparison_text(comparison: Comparison) -> str:
    """Return what the comparison says, one challenger after the other, each with its verdict."""
    blocks = ["\n".join(_header(comparison))]
    for challenger in comparison.challengers:
        blocks += _challenger(challenger)
    return "\n\n".join(blocks)


def _header(comparison: Comparison) -> Iterator[str]:
    yield f"champion {_seen(comparison.champion)}"
    for other in comparison.others:
        yield f"  left out: what {_seen(other)} answered as champion"
    yield from _account(comparison.account)


def _seen(champion: ChampionSeen) -> str:
    first, last = (
        f"{moment:%Y-%m-%d %H:%M}"
        for moment in (champion.first_observed_at, champion.last_observed_at)
    )
    identity = champion.identity
    name = printable(f"{identity.name}/{identity.version}")
    short = printable(identity.fingerprint[:19])
    return f"{name} ({short}…): {champion.documents} documents, {first} to {last} UTC"


def _account(account: LogAccount) -> Iterator[str]:
    counts = {
        "torn": account.torn,
        "malformed": account.malformed,
        "repeated": account.duplicates,
        "of unknown events": account.unknown_events,
        "of a newer schema": account.newer_schema,
        "missing": account.missing,
    }
    found = [f"{count} {what}" for what, count in counts.items() if count]
    yield f"  log: {account.lines} lines" + (f", {', '.join(found)}" if found else "")
    for broken in account.broken:
        yield f"  broken: {printable(str(broken.path))}: {printable(broken.reason)}"


def _challenger(comparison: ChallengerComparison) -> Iterator[str]:
    report = comparison.report
    yield "\n".join([f"challenger {printable(str(comparison.challenger))}", *_figures(report)])
    yield _indented(
        "the champion's labels by row, the challenger's by column", _matrix(report["disagreements"])
    )
    yield _indented("by class", _classes(report["classes"]))
    if report["segments"]:
        yield _indented("by segment", _segments(report["segments"]))
    yield _indented("over time (UTC)", _periods(comparison.periods))
    yield "\n".join(_labels(report))
    yield "\n".join(_verdict(comparison.verdict))


def _figures(report: JsonMapping) -> Iterator[str]:
    missed = ", ".join(f"{count} {reason}" for reason, count in report["missed"].items())
    rows = [
        ("compared", f"{report['compared']} of {report['observations']}", missed),
        ("agreement", _percent(report["agreement"]), _range(report["agreement_interval"], 100)),
        ("confidence", _both_numbers(report["confidence"]), "champion and challenger"),
        ("shift", _signed(report["confidence_shift"]), _range(report["confidence_shift_interval"])),
        ("cost", f"{_number(report['cost']['ratio'])} times", _cost(report["cost"])),
    ]
    if report["not_comparable"]:
        only = f"{report['not_comparable']} documents"
        rows.append(("left out", only, "a label that only one of the two knows"))
    yield from ("  " + line for line in aligned(rows).splitlines())


def _both_numbers(figures: JsonMapping) -> str:
    return f"{_number(figures['champion'])} and {_number(figures['challenger'])}"


def _cost(cost: JsonMapping) -> str:
    return f"processor time of {cost['documents']} documents, {cost['left_out']} left out"


def _matrix(matrix: Mapping[str, Mapping[str, int]]) -> list[Sequence[str]]:
    """Return the matrix of few labels, and of many the most frequent pairs of different ones."""
    labels = sorted({*matrix, *(name for row in matrix.values() for name in row)})
    if len(labels) <= _MAX_MATRIX:
        rows = [
            (printable(name), *(str(matrix.get(name, {}).get(other, 0)) for other in labels))
            for name in labels
        ]
        return [("", *map(printable, labels)), *rows] if rows else []
    pairs = [
        (count, printable(champion), printable(challenger))
        for champion, row in matrix.items()
        for challenger, count in row.items()
        if champion != challenger
    ]
    return [(a, "->", b, str(count)) for count, a, b in sorted(pairs, reverse=True)]


def _classes(classes: Mapping[str, JsonMapping]) -> list[Sequence[str]]:
    labelled = any(part["champion"] for part in classes.values())
    names = ("precision", "recall", "f1") if labelled else ()
    head = ("", *_PART_HEAD, *(f"{name} of both" for name in names))
    return [
        head,
        *(
            (printable(name), *_part(part), *(_both(part, figure) for figure in names))
            for name, part in classes.items()
        ),
    ]


def _segments(segments: Iterable[JsonMapping]) -> list[Sequence[str]]:
    rows = [
        ("(others)" if part["segment"] is None else printable(part["segment"]), *_part(part))
        for part in segments
    ]
    return [("", *_PART_HEAD), *rows]


_PART_HEAD = ("documents", "agreement", "shift", "", "gain known", "won, lost")


def _part(part: JsonMapping) -> tuple[str, ...]:
    return (
        str(part["documents"]),
        _percent(part["agreement"]),
        _signed(part["confidence_shift"]),
        _range(part["confidence_shift_interval"]) if part["documents"] else "",
        str(part["gain_known"]),
        f"{part['won']}, {part['lost']}",
    )


def _both(part: JsonMapping, figure: str) -> str:
    return ", ".join(
        _number(((part[who] or {}).get(figure) or {}).get("value"))
        for who in ("champion", "challenger")
    )


def _periods(periods: Sequence[Period]) -> list[Sequence[str]]:
    """Return a row for each of the last periods."""
    head = ("from", "documents", "agreement", "champion's, challenger's confidence", "most often")
    rows = [_period(period) for period in periods[-_MAX_PERIODS:]]
    return [(*head, "new categories", "moved most"), *rows]


def _period(period: Period) -> Sequence[str]:
    confidence = {
        who: period.confidence(of_challenger=who == "challenger")
        for who in ("champion", "challenger")
    }
    new = ", ".join(map(printable, period.new_categories[:_MAX_NAMED]))
    moved = ", ".join(f"{name} ({score.metric} {score.value:.2f})" for name, score in period.moved)
    return (
        f"{from_microseconds(period.start_us):%Y-%m-%d %H:%M}",
        str(period.sums.compared),
        _percent(period.sums.agreed / period.sums.compared),
        _both_numbers(confidence),
        _top_label(period),
        new or _NONE,
        moved or _NONE,
    )


def _top_label(period: Period) -> str:
    label = max(period.labels, key=period.labels.__getitem__)
    return f"{printable(label)} {period.labels[label] / period.sums.compared:.0%}"


def _labels(report: JsonMapping) -> Iterator[str]:
    counts, accuracy = report["labels"], report["accuracy"]
    if counts is None:
        yield "  no labels: send them to /v1/feedback, or name tables with --labels"
        return
    for who in ("champion", "challenger"):
        figures = accuracy[who]
        if figures is not None:
            value = figures["accuracy"]
            yield (
                f"  accuracy of the {who} {_number(value['value'])} {_range(value)} on "
                f"{figures['documents']} labels, calibration error "
                f"{_number(figures['calibration_error'])}"
            )
    if accuracy["champion"] is None and counts["waiting"]:
        yield f"  accuracies wait for {counts['waiting']} labels that the queue still lacks"
    elif accuracy["champion"] is None and counts["labelled"]:
        yield "  labels of disagreements alone tell the difference, and neither accuracy"
    gain = accuracy["gain"]
    if gain["value"] is not None:
        yield f"  gain in accuracy {_signed(gain['value'])} {_range(gain)}"
    rest = [f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n and name != "ripe_s"]
    yield f"  labels: {', '.join(rest)}; ripe after {counts['ripe_s']:.0f} s"
    if counts["unripe"]:
        yield (
            f"  {counts['unripe']} labels are of documents too young for the slow labels to have "
            "come: wait, or say --ripe 0s where all came together"
        )


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield f"verdict: {verdict.decision}"
    for reason in verdict.because:
        yield f"  {printable(reason)}"
    yield (
        f"  of {verdict.honesty.of} copies without any shift of confidence, "
        f"{verdict.honesty.crossed} are beyond the bound (at most 5 are expected)"
    )


def _indented(title: str, rows: Sequence[Sequence[str]]) -> str:
    lines = aligned(rows).splitlines() if rows else [_NONE]
    more = [f"… and {len(lines) - _MAX_ROWS} more with --json"] if len(lines) > _MAX_ROWS else []
    return "\n".join([f"  {title}", *(f"    {line}" for line in [*lines[:_MAX_ROWS], *more])])


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return _NONE if value is None else f"{value:+.3f}"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"


def _range(interval: JsonMapping, scale: float = 1) -> str:
    low, high = interval["low"], interval["high"]
    if low is None or high is None:
        return ""
    return f"({low * scale:.3g} to {high * scale:.3g})"

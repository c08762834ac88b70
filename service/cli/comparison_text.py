"""A comparison as text for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guards.moments import from_microseconds
from guards.text import aligned, counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from guards.comparison.comparison import ChallengerComparison, Comparison
    from guards.comparison.periods import Period
    from guards.events.log_table import ChampionSeen
    from guards.events.reading import LogAccount
    from guards.evidence.verdict import Verdict
    from guards.json_types import JsonMapping

__all__ = ["TablesRead", "comparison_text"]

_MAX_ROWS = 12
_MAX_MATRIX = 8
_MAX_PERIODS = 11
_MAX_NAMED = 3
_NONE = "-"


@dataclass(frozen=True, slots=True)
class TablesRead:
    """How many label tables were named, and how many of their rows left out."""

    tables: int = 0
    left_out: int = 0


def comparison_text(comparison: Comparison, read: TablesRead) -> str:
    """Return what the comparison says, one challenger after the other, each with its verdict."""
    blocks = [_block(_header(comparison))]
    for challenger in comparison.challengers:
        blocks += _challenger(challenger, read)
    return "\n\n".join(blocks)


def _block(lines: Iterable[str]) -> str:
    """Join lines, each of which stays one line, whatever the names in it hold."""
    return "\n".join(map(printable, lines))


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
    name = f"{identity.name}/{identity.version} ({identity.fingerprint[:19]}…)"
    return f"{name}: {champion.documents} documents, {first} to {last} UTC"


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
    if account.incomplete:
        yield f"  incomplete: {counted(account.incomplete, 'window')}, of which a line is missing"
    for broken in account.broken:
        yield f"  broken: {broken.path}: {broken.reason}"


def _challenger(comparison: ChallengerComparison, read: TablesRead) -> Iterator[str]:
    report = comparison.report
    name = f"challenger {comparison.challenger}"
    # Documents with a label that only one of the two knows have no agreement.
    if report["agreement"] is None:
        yield _block([name, f"  nothing to compare: {_why_nothing(report)}"])
    else:
        yield _block([name, *_figures(report)])
        yield from _tables(comparison)
    yield _block(_labels(report, read))
    yield _block(_verdict(comparison.verdict))


def _tables(comparison: ChallengerComparison) -> Iterator[str]:
    report = comparison.report
    yield _disagreements(report["disagreements"])
    yield _indented("by class", _classes(report["classes"]))
    if report["accuracy"] is not None and report["accuracy"]["champion"] is not None:
        title = "precision, recall and F1 by class, with 95 % intervals"
        yield _indented(title, _class_figures(report["classes"]), 1 + 2 * _MAX_ROWS)
    if report["segments"]:
        yield _indented("by segment", _segments(report["segments"]))
    yield _periods(comparison.periods)


def _why_nothing(report: JsonMapping) -> str:
    reasons = [f"{count} missed ({reason})" for reason, count in report["missed"].items()]
    if report["not_comparable"]:
        reasons.append(f"{report['not_comparable']} with a label that only one of the two knows")
    return f"of {report['observations']} documents, {', '.join(reasons)}"


def _figures(report: JsonMapping) -> Iterator[str]:
    missed = ", ".join(f"{count} {reason}" for reason, count in report["missed"].items())
    rows = [
        ("compared", f"{report['compared']} of {report['observations']}", missed),
        ("agreement", _percent(report["agreement"]), _range(report["agreement_interval"], 100)),
        ("confidence", _both_numbers(report["confidence"]), "champion and challenger"),
        ("shift", _signed(report["confidence_shift"]), _range(report["confidence_shift_interval"])),
    ]
    if report["cost"]["ratio"] is not None:
        rows.append(("cost", f"{_number(report['cost']['ratio'])} times", _cost(report["cost"])))
    if report["not_comparable"]:
        only = f"{report['not_comparable']} documents"
        rows.append(("left out", only, "a label that only one of the two knows"))
    yield from ("  " + line for line in aligned(rows))


def _both_numbers(figures: JsonMapping) -> str:
    return f"{_number(figures['champion'])} and {_number(figures['challenger'])}"


def _cost(cost: JsonMapping) -> str:
    return f"processor time of {cost['documents']} documents, {cost['left_out']} left out"


def _disagreements(matrix: Mapping[str, Mapping[str, int]]) -> str:
    """Return the matrix of few labels, and of many the most frequent pairs of different ones."""
    labels = sorted({*matrix, *(name for row in matrix.values() for name in row)})
    if len(labels) > _MAX_MATRIX:
        title = "most frequent disagreements: the champion's label -> the challenger's"
        return _indented(title, _different(matrix))
    rows = [
        (name, *(str(matrix.get(name, {}).get(other, 0)) for other in labels)) for name in labels
    ]
    title = "the champion's labels by row, the challenger's by column"
    return _indented(title, [("", *labels), *rows])


def _different(matrix: Mapping[str, Mapping[str, int]]) -> list[Sequence[str]]:
    pairs = [
        (count, champion, challenger)
        for champion, row in matrix.items()
        for challenger, count in row.items()
        if champion != challenger
    ]
    return [(a, "->", b, str(count)) for count, a, b in sorted(pairs, reverse=True)]


def _classes(classes: Mapping[str, JsonMapping]) -> list[Sequence[str]]:
    return [
        ("", *_PART_HEAD),
        *((name, *_part(part)) for name, part in classes.items()),
    ]


def _class_figures(classes: Mapping[str, JsonMapping]) -> list[Sequence[str]]:
    """Return two rows for each class, the champion's and the challenger's."""
    names = ("precision", "recall", "f1")
    rows: list[Sequence[str]] = [("", "", *names)]
    for label, part in classes.items():
        for who in ("champion", "challenger"):
            figures = part[who] or {}
            first = label if who == "champion" else ""
            rows.append((first, who, *(_figure(figures.get(name)) for name in names)))
    return rows


def _figure(figure: JsonMapping | None) -> str:
    return _NONE if figure is None else f"{_number(figure['value'])} {_range(figure)}".rstrip()


def _segments(segments: Iterable[JsonMapping]) -> list[Sequence[str]]:
    rows = [
        (
            "(others)" if part["segment"] is None else part["segment"],
            *_part(part),
            _accuracy(part["champion"]),
            _accuracy(part["challenger"]),
        )
        for part in segments
    ]
    return [("", *_PART_HEAD, "champion's accuracy", "challenger's"), *rows]


def _accuracy(figure: JsonMapping | None) -> str:
    return _NONE if figure is None else f"{_number(figure['value'])} {_range(figure)}"


_PART_HEAD = ("documents", "agreement", "shift", "", "known gain", "won, lost")


def _part(part: JsonMapping) -> tuple[str, ...]:
    return (
        str(part["documents"]),
        _percent(part["agreement"]),
        _signed(part["confidence_shift"]),
        _range(part["confidence_shift_interval"]) if part["documents"] else "",
        str(part["gain_known"]),
        f"{part['won']}, {part['lost']}",
    )


def _periods(periods: Sequence[Period]) -> str:
    """Return a row for each of the last periods."""
    head = ("from", "documents", "agreement", "champion's, challenger's confidence", "most often")
    rows = [_period(period) for period in periods[-_MAX_PERIODS:]]
    text = _indented("over time (UTC)", [(*head, "new categories", "moved most"), *rows])
    earlier = len(periods) - len(rows)
    return f"{text}\n    … and {earlier} earlier with --json" if earlier else text


def _period(period: Period) -> Sequence[str]:
    confidence = {
        who: period.confidence(of_challenger=who == "challenger")
        for who in ("champion", "challenger")
    }
    new = ", ".join(period.new_categories[:_MAX_NAMED])
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
    return f"{label} {period.labels[label] / period.sums.compared:.0%}"


def _labels(report: JsonMapping, read: TablesRead) -> Iterator[str]:
    if read.left_out:
        yield f"  {read.left_out} rows of label tables were left out"
    counts = report["labels"]
    if counts is None and read.tables:
        yield "  no labels: the named tables hold none"
    elif counts is None:
        yield "  no labels: send them to /v1/feedback, or name tables with --labels"
    else:
        yield from _accuracies(counts, report["accuracy"])
        yield from _label_counts(counts)


def _accuracies(counts: JsonMapping, accuracy: JsonMapping) -> Iterator[str]:
    for who in ("champion", "challenger"):
        figures = accuracy[who]
        if figures is not None:
            value = figures["accuracy"]
            yield (
                f"  accuracy of the {who} {_number(value['value'])} {_range(value)} on "
                f"{figures['documents']} labels, calibration error "
                f"{_number(figures['calibration_error'])}"
            )
    if accuracy["champion"] is None:
        yield from _why_no_accuracy(counts)
    gain = accuracy["gain"]
    if gain["value"] is not None:
        yield f"  gain in accuracy {_signed(gain['value'])} {_range(gain)}"


def _why_no_accuracy(counts: JsonMapping) -> Iterator[str]:
    useless = sum(counts[name] for name in ("unmatched", "not_compared", "unripe", "off_rule"))
    if counts["waiting"]:
        yield f"  accuracies wait for {counts['waiting']} labels that the queue still lacks"
    elif counts["labelled"] > useless:
        yield "  labels of disagreements alone tell the difference, and neither accuracy"
    elif counts["labelled"]:
        yield "  none of the labels can be used"


def _label_counts(counts: JsonMapping) -> Iterator[str]:
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
        yield f"  {reason}"
    yield (
        f"  of {verdict.honesty.of} copies without any shift of confidence, "
        f"{verdict.honesty.crossed} are beyond the bound (at most 5 are expected)"
    )


def _indented(title: str, rows: Sequence[Sequence[str]], max_rows: int = _MAX_ROWS) -> str:
    lines = aligned(rows) if rows else [_NONE]
    more = [f"… and {len(lines) - max_rows} more with --json"] if len(lines) > max_rows else []
    return _block([f"  {title}", *(f"    {line}" for line in [*lines[:max_rows], *more])])


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

"""The confidence over time, with alarms, and with what answered from when on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from guards.moments import from_microseconds
from guards.pages.drawing import drawing, length, ornament, rectangle
from guards.pages.elements import faint, folded_table, more, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from guards.diagnosis.periods import Period
    from guards.diagnosis.timeline import Point, Timeline

__all__ = ["over_time_of"]

_WIDTH = 360
_HEIGHT = 110
_MARGIN = 5
_MAX_ROWS = 40
_GAP = 3
"""Points that are as many times further apart than the nearest are not joined by a line."""

_ALARM = 'class="m" stroke="#b23a0b" stroke-width="1.5" stroke-dasharray="5 3"'
_CHAMPION = 'class="c" stroke="#1b1b1b" stroke-width="1.5" stroke-dasharray="1 2"'
_CONFIDENCE = 'class="t" fill="none" stroke="#1b1b1b" stroke-width="1.5"'
_BAD = 'class="s" fill="#ececec"'


def over_time_of(timeline: Timeline, bad: Period) -> Iterator[str]:
    """Yield the drawing, its numbers, and tables of what is marked in it."""
    points = timeline.points
    low, high = (pick(point.confidence for point in points) for pick in (min, max))
    ends = " ".join(f"<span>{_moment(each.start_us)}</span>" for each in (points[0], points[-1]))
    yield _KEY
    yield faint(f"highest {high:.4f}")
    yield drawing("mean confidence over time", _WIDTH, _HEIGHT, _shapes(timeline, bad))
    yield f'<p class="ends">{ends}</p>{faint(f"lowest {low:.4f}")}'
    yield folded_table(
        "mean confidence",
        ("from", "documents", "confidence"),
        ((_moment(p.start_us), p.documents, f"{p.confidence:.4f}") for p in points),
    )
    alarms, champions = timeline.alarms, timeline.champions
    if alarms:
        raised = (
            (_moment(at), each.severity.value, each.words) for _, at, each in alarms[:_MAX_ROWS]
        )
        yield text_table("alarms", ("at", "severity", "what"), raised)
        yield more(len(alarms) - _MAX_ROWS)
    if champions:
        changed = (
            (_moment(each.at_us), each.replica, each.before, each.now)
            for each in champions[:_MAX_ROWS]
        )
        yield text_table("another champion", ("at", "replica", "before", "from then on"), changed)
        yield more(len(champions) - _MAX_ROWS)


def _shapes(timeline: Timeline, bad: Period) -> Iterator[str]:
    points = timeline.points
    first_us, last_us = points[0].start_us, points[-1].start_us
    low, high = (pick(point.confidence for point in points) for pick in (min, max))

    def x(us: int) -> float:
        within = (min(max(us, first_us), last_us) - first_us) / ((last_us - first_us) or 1)
        return _MARGIN + within * (_WIDTH - 2 * _MARGIN)

    def y(confidence: float) -> float:
        below = (high - confidence) / ((high - low) or 1)
        return _MARGIN + below * (_HEIGHT - 2 * _MARGIN)

    if bad.run is None:
        yield rectangle(x(bad.start_us), 0, x(bad.end_us) - x(bad.start_us), _HEIGHT, _BAD)
    for moments, look in (
        (dict.fromkeys(length(x(each.at_us)) for each in timeline.champions), _CHAMPION),
        (dict.fromkeys(length(x(each.at_us)) for each in timeline.alarms), _ALARM),
    ):
        for at in moments:
            yield f'<path d="M{at} 0V{_HEIGHT}" {look}/>'
    for stretch in _stretches(points):
        path = "L".join(f"{length(x(p.start_us))} {length(y(p.confidence))}" for p in stretch)
        # A line of no length is a dot, where its ends are round.
        yield f'<path d="M{path}{"h0" if len(stretch) == 1 else ""}" {_CONFIDENCE}/>'


def _stretches(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    """Yield the points that have no long gap between them."""
    apart = [right.start_us - left.start_us for left, right in pairwise(points)]
    gaps = [at for at, each in enumerate(apart, start=1) if each > _GAP * min(apart)]
    for start, end in pairwise([0, *gaps, len(points)]):
        yield points[start:end]


def _moment(us: int) -> str:
    return f"{from_microseconds(us):%Y-%m-%d %H:%M}"


def _entry(shape: str, what: str) -> str:
    return f"<span>{ornament(28, 12, [shape])} {what}</span>"


_KEY = " ".join(
    (
        '<p class="key">',
        _entry(f'<path d="M1 6H27" {_CONFIDENCE}/>', "mean confidence"),
        _entry(rectangle(1, 0, 26, 12, _BAD), "bad period"),
        _entry(f'<path d="M14 0V12" {_ALARM}/>', "an alarm (dashed)"),
        _entry(f'<path d="M14 0V12" {_CHAMPION}/>', "another champion (dotted)"),
        "</p>",
    )
)

"""The measurements of one run of the benchmark, and the table made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from scipy.stats import binom

from load_tests.contenders import ALONE, EMPTY, EXPERT, INLINE, SHADOWED
from load_tests.first_paint import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from load_tests.documents import JsonObject
    from load_tests.first_paint import Report
    from load_tests.measuring import EngineRun, Latency, Overload, Point, Recovery

__all__ = ["Contest", "Interval", "Pair", "Results", "Row", "as_table", "median_interval"]

_COST_CLIENTS = 32
_LEVEL = 0.95
_REPORT_KB = 150
_PAINT_MS = 300
_NO_PEERS = {ALONE, SHADOWED, EMPTY}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; without a target, ``target`` and ``met`` are None."""

    what: str
    measured: str
    compared_with: str = ""
    ratio: float | None = None
    target: str | None = None
    met: bool | None = None


def as_table(rows: Sequence[Row]) -> str:
    """Return the rows in columns, under their headings."""
    headings = ("what", "measured", "compared with", "ratio", "target", "met")
    lines = [headings]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = {None: "", True: "yes", False: "no"}[row.met]
        lines.append((row.what, row.measured, row.compared_with, ratio, row.target or "", met))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _at_least(value: float, bound: float) -> tuple[str, bool]:
    return f"≥ {bound:g}", value >= bound


def _at_most(value: float, bound: float) -> tuple[str, bool]:
    return f"≤ {bound:g}", value <= bound


@dataclass(frozen=True, slots=True)
class Interval:
    """A median with its interval; ``level`` is the probability that it covers the true one."""

    median: float
    low: float
    high: float
    level: float


def median_interval(values: Sequence[float]) -> Interval:
    """Return the interval between order statistics that covers the median at least 95 times in 100.

    It is exact whatever the distribution: of n independent values, those below the true median
    are binomial (n, 1/2) (David and Nagaraja, Order Statistics, 2003, 7.1). Fewer than six values
    cannot reach that level: the interval is then their range, and ``level`` is what it covers.
    """
    ordered, n = sorted(values), len(values)
    left_out = max(0, int(binom.ppf((1 - _LEVEL) / 2, n, 0.5)) - 1)
    level = 1 - 2 * float(binom.cdf(left_out, n, 0.5))
    return Interval(median(ordered), ordered[left_out], ordered[n - 1 - left_out], level)


@dataclass(slots=True)
class Contest:
    """The closed loops and the idle latencies of one contender."""

    points: list[Point] = field(default_factory=list)
    idle_ms: list[float] = field(default_factory=list)

    def at(self, clients: int, figure: Callable[[Point], float]) -> float:
        """Return the median over rounds of a figure, at so many clients."""
        return median(figure(point) for point in self.points if point.clients == clients)

    @property
    def best(self) -> int:
        """The number of clients at which it is fastest."""
        levels = sorted({point.clients for point in self.points})
        return max(levels, key=lambda clients: self.at(clients, lambda point: point.rate))

    @property
    def rate(self) -> float:
        """Documents a second at saturation."""
        return self.at(self.best, lambda point: point.rate)


@dataclass(frozen=True, slots=True)
class Pair:
    """One schedule, sent twice: without a shadow and with one."""

    without: Latency
    shadowed: Latency


@dataclass(slots=True)
class Results:
    """What was measured, and nothing that was not.

    ``absent`` has the reason why a peer or the first paint of a report was not measured;
    ``at_defaults`` names the peers that are as their own pages show them. ``engine_ms`` is the
    processor time a document of the engine inside the service, for each point of the service
    without a shadow.
    """

    contests: dict[str, Contest] = field(default_factory=dict)
    at_defaults: Sequence[str] = ()
    absent: dict[str, str] = field(default_factory=dict)
    engine: str = ""
    bare: list[EngineRun] = field(default_factory=list)
    engine_ms: list[float] = field(default_factory=list)
    half_rate: float = 0.0
    pairs: list[Pair] = field(default_factory=list)
    overload: Overload | None = None
    recoveries: list[Recovery] = field(default_factory=list)
    report: Report | None = None
    notes: list[str] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """Return the table."""
        peers = {name: self.contests[name] for name in self.contests if name not in _NO_PEERS}
        alone = {name: peer for name, peer in peers.items() if name != INLINE}
        return [
            *_saturation(self, ALONE, "documents/s, champion only", alone, (4.0, 1.8)),
            *_saturation(self, SHADOWED, "documents/s, 100 % shadow", peers, (2.0, 0.9)),
            *_engine_share(self),
            *_overhead(self),
            *_shadow_felt(self),
            *_idle(self.contests[ALONE], peers),
            *(_overload(self.overload, self.contests[ALONE]) if self.overload else ()),
            *(_recovery(self.recoveries) if self.recoveries else ()),
            *(_report(self.report) if self.report else ()),
        ]

    def as_text(self) -> str:
        """Return the table, then what was not measured and why, and the notes."""
        absent = (f"not measured: {name}: {reason}" for name, reason in self.absent.items())
        notes = (f"note: {note}" for note in self.notes)
        return "\n".join([as_table(self.rows()), *absent, *notes])

    def as_json(self) -> JsonObject:
        """Return everything as JSON, the table's rows included."""
        return {"rows": [asdict(row) for row in self.rows()], **asdict(self)}


def _saturation(
    results: Results, name: str, what: str, peers: dict[str, Contest], bounds: tuple[float, float]
) -> Iterator[Row]:
    """Compare with each peer; ``bounds`` are for the best one at its defaults, and the expert's."""
    own = results.contests[name]
    measured = f"{own.rate:.1f} ({own.best} clients)"
    defaults = [peer for peer in results.at_defaults if peer in peers]
    best_default = max(defaults, key=lambda peer: peers[peer].rate, default=None)
    bound_of = {best_default: bounds[0], EXPERT: bounds[1]}
    for peer, other in peers.items():
        compared, ratio = f"{peer} {other.rate:.1f} ({other.best} clients)", own.rate / other.rate
        target = _at_least(ratio, bound_of[peer]) if peer in bound_of else ()
        yield Row(what, measured, compared, ratio, *target)
    if not peers:
        yield Row(what, measured)


def _engine_share(results: Results) -> Iterator[Row]:
    if results.bare:
        bare, own = median(run.rate for run in results.bare), results.contests[ALONE].rate
        compared, ratio = f"bare {results.engine} {bare:.1f}", own / bare
        target = _at_least(ratio, 0.85)
        yield Row("service against its engine", f"{own:.1f}", compared, ratio, *target)


def _overhead(results: Results) -> Iterator[Row]:
    """Subtract within rounds, so that a round in which all was slow does not count twice.

    The engine's part is what its own lanes used in that very run: two runs of the engine differ
    by more than all the rest costs.
    """
    rounds = [
        (point.server_cpu_ms, engine_ms, empty.server_cpu_ms)
        for point, engine_ms, empty in zip(
            results.contests[ALONE].points,
            results.engine_ms,
            results.contests[EMPTY].points,
            strict=False,
        )
        if point.clients == _COST_CLIENTS
    ]
    if rounds:
        outside = median(whole - engine - route for whole, engine, route in rounds)
        whole, engine, route = map(median, zip(*rounds, strict=True))
        yield Row(
            "CPU ms a document outside the engine",
            f"{outside:.2f} of {whole:.2f}",
            f"above empty route {route:.2f} and engine {engine:.2f}",
            None,
            *_at_most(outside, 0.5),
        )


def _shadow_felt(results: Results) -> Iterator[Row]:
    for name in ("p50", "p99") if results.pairs else ():
        shadowed = [getattr(pair.shadowed, f"{name}_ms") for pair in results.pairs]
        without = [getattr(pair.without, f"{name}_ms") for pair in results.pairs]
        spread = median_interval([on / off for on, off in zip(shadowed, without, strict=True)])
        yield Row(
            f"{name} ms at {results.half_rate:.0f}/s, shadow on against off",
            f"{median(shadowed):.1f}",
            f"{median(without):.1f}; {len(results.pairs)} pairs, "
            f"{spread.level:.0%} interval {spread.low:.2f} to {spread.high:.2f}",
            spread.median,
            "interval includes ≤ 1.1",
            spread.low <= 1.1,  # noqa: PLR2004 (the target, as it is printed)
        )


def _idle(own: Contest, peers: dict[str, Contest]) -> Iterator[Row]:
    own_ms = median(own.idle_ms)
    peers_ms = {name: median(peer.idle_ms) for name, peer in peers.items() if peer.idle_ms}
    for name, peer_ms in peers_ms.items():
        ratio = own_ms / peer_ms
        target = _at_most(ratio, 0.5) if peer_ms == min(peers_ms.values()) else ()
        yield Row("idle latency ms", f"{own_ms:.1f}", f"{name} {peer_ms:.1f}", ratio, *target)
    if not peers_ms:
        yield Row("idle latency ms", f"{own_ms:.1f}")


def _overload(overload: Overload, own: Contest) -> Iterator[Row]:
    goodput = overload.goodput / overload.saturation
    compared = f"saturation before and after {overload.saturation:.1f}"
    target = _at_least(goodput, 0.9)
    yield Row("goodput under twice the load", f"{overload.goodput:.1f}", compared, goodput, *target)
    answers = _outcomes(overload.outcomes)
    yield Row("… answers", answers, target="none but 200 and 429", met=overload.failed == 0)
    yield Row(
        "… documents computed",
        str(overload.counted),
        f"answered with 200: {overload.answered}",
        overload.counted / max(1, overload.answered),
        "equal",
        overload.counted == overload.answered,
    )
    saturated_ms = own.at(own.best, lambda point: point.server_cpu_ms)
    yield Row(
        "… CPU ms for each 200, refusals included",
        f"{overload.server_cpu_ms:.2f}",
        f"at saturation {saturated_ms:.2f}",
        overload.server_cpu_ms / saturated_ms,
    )


def _recovery(recoveries: Sequence[Recovery]) -> Iterator[Row]:
    recovered_s = median(recovery.recovered_s for recovery in recoveries)
    idle_ms = median(recovery.idle_ms for recovery in recoveries)
    outcomes: Counter[str] = Counter()
    for recovery in recoveries:
        outcomes.update(recovery.outcomes)
    yield Row(
        "seconds to idle latency after a burst",
        f"{recovered_s:.2f}",
        f"{len(recoveries)} bursts: {_outcomes(outcomes)}; idle {idle_ms:.1f} ms",
        None,
        *_at_most(recovered_s, 1.0),
    )


def _report(report: Report) -> Iterator[Row]:
    size_kb = report.size_bytes / 1000
    what = f"KB of a report of {INPUTS} inputs that moved"
    yield Row(what, f"{size_kb:.1f}", "", None, *_at_most(size_kb, _REPORT_KB))
    paints_ms = report.paints_ms
    if paints_ms:
        paint_ms = median(paints_ms)
        yield Row(
            "… ms to its first contentful paint",
            f"{paint_ms:.0f}",
            f"opened {len(paints_ms)} times: {min(paints_ms):.0f} to {max(paints_ms):.0f}",
            None,
            f"< {_PAINT_MS}",
            paint_ms < _PAINT_MS,
        )


def _outcomes(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{n} with {status}" for status, n in sorted(outcomes.items()))

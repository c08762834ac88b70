"""All that a run of the benchmark has measured, and the table's rows of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from load_tests.medians import median_interval
from load_tests.table import Row, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from load_tests.bare import BareRun
    from load_tests.measuring import Point
    from load_tests.overload import Overload, Recovery
    from load_tests.pairs import Pair

__all__ = ["ALONE", "EMPTY", "EXPERT", "INLINE", "SHADOWED", "Contest", "Results"]

ALONE = "understudy"
SHADOWED = "understudy with shadow"
EMPTY = "empty route"
EXPERT = "expert's"
INLINE = "bentoml tutorial, challenger inline"

_COST_CLIENTS = 32


@dataclass(slots=True)
class Contest:
    """The closed loops and the idle latencies of one contender."""

    points: list[Point] = field(default_factory=list)
    idle_ms: list[float] = field(default_factory=list)

    def at(self, clients: int, of: Callable[[Point], float]) -> float:
        """Give the median over rounds of something, at so many clients."""
        return median(of(point) for point in self.points if point.clients == clients)

    @property
    def levels(self) -> list[int]:
        """The numbers of clients that were measured."""
        return sorted({point.clients for point in self.points})

    @property
    def best(self) -> int:
        """The number of clients at which it is fastest."""
        return max(self.levels, key=lambda clients: self.at(clients, lambda point: point.rate))

    @property
    def rate(self) -> float:
        """Documents a second at saturation."""
        return self.at(self.best, lambda point: point.rate)


@dataclass(slots=True)
class Results:
    """What was measured; nothing is in it that was not.

    ``absent`` says of a peer why it is not there; ``at_defaults`` names the peers that are as their
    own pages show them.
    """

    contests: dict[str, Contest] = field(default_factory=dict)
    at_defaults: Sequence[str] = ()
    absent: dict[str, str] = field(default_factory=dict)
    engine: str = ""
    bare: list[BareRun] = field(default_factory=list)
    engine_ms: list[float] = field(default_factory=list)
    """Processor time of the engine inside the service, a document, for each point of its own."""
    half_rate: float = 0.0
    pairs: list[Pair] = field(default_factory=list)
    overload: Overload | None = None
    recoveries: list[Recovery] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """Give the table."""
        return [
            *self._saturation(ALONE, "documents/s, champion only", (4.0, 1.8)),
            *self._saturation(SHADOWED, "documents/s, 100 % shadow", (2.0, 0.9)),
            *self._engine_share(),
            *self._overhead(),
            *self._shadow_felt(),
            *self._idle(),
            *self._overload(),
            *self._recovery(),
        ]

    def _peer_names(self) -> list[str]:
        return [name for name in self.contests if name not in {ALONE, SHADOWED, EMPTY}]

    def _best_default(self) -> str | None:
        names = [name for name in self.at_defaults if name in self.contests]
        return max(names, key=lambda name: self.contests[name].rate, default=None)

    def _saturation(self, name: str, what: str, targets: tuple[float, float]) -> Iterator[Row]:
        own = self.contests[name]
        measured = f"{own.rate:.1f} ({own.best} clients)"
        names = [peer for peer in self._peer_names() if peer != INLINE or name == SHADOWED]
        least = {self._best_default(): targets[0], EXPERT: targets[1]}
        for peer in names:
            other = self.contests[peer]
            bound = least.get(peer)
            yield Row(
                what,
                measured,
                f"{peer} {other.rate:.1f} ({other.best} clients)",
                own.rate / other.rate,
                None if bound is None else Target(least=bound),
            )
        if not names:
            yield Row(what, measured)

    def _engine_share(self) -> Iterator[Row]:
        if self.bare:
            rate = median(run.rate for run in self.bare)
            own = self.contests[ALONE].rate
            compared = f"bare {self.engine} {rate:.1f}"
            yield Row(
                "service against its engine", f"{own:.1f}", compared, own / rate, Target(least=0.85)
            )

    def _overhead(self) -> Iterator[Row]:
        """Subtract within rounds, so that a round in which all was slow does not count twice.

        The engine's part is what its own lanes took in that very run: two runs of the engine differ
        by more than all the rest costs.
        """
        own = [
            (point.server_cpu_ms, engine_ms)
            for point, engine_ms in zip(self.contests[ALONE].points, self.engine_ms, strict=False)
            if point.clients == _COST_CLIENTS
        ]
        empty = [p.server_cpu_ms for p in self.contests[EMPTY].points if p.clients == _COST_CLIENTS]
        if not own or not empty:
            return
        outside = median(
            whole - engine - route for (whole, engine), route in zip(own, empty, strict=False)
        )
        yield Row(
            "CPU ms a document outside the engine",
            f"{outside:.2f} of {median(whole for whole, _ in own):.2f}",
            f"above empty route {median(empty):.2f} and engine "
            f"{median(engine for _, engine in own):.2f}",
            target=Target(most=0.5),
            judged=outside,
        )

    def _shadow_felt(self) -> Iterator[Row]:
        if not self.pairs:
            return
        for name in ("p50", "p99"):
            spread = median_interval([getattr(pair, f"{name}_ratio") for pair in self.pairs])
            shadowed = median(getattr(pair.shadowed, f"{name}_ms") for pair in self.pairs)
            without = median(getattr(pair.without, f"{name}_ms") for pair in self.pairs)
            yield Row(
                f"{name} ms at {self.half_rate:.0f}/s, shadow on against off",
                f"{shadowed:.1f}",
                f"{without:.1f}; {len(self.pairs)} pairs, "
                f"{spread.level:.0%} interval {spread.low:.2f} to {spread.high:.2f}",
                spread.median,
                Target(most=1.1, text="interval includes ≤ 1.1"),
                judged=spread.low,
            )

    def _idle(self) -> Iterator[Row]:
        own_ms = median(self.contests[ALONE].idle_ms)
        peers = {
            name: median(self.contests[name].idle_ms)
            for name in self._peer_names()
            if self.contests[name].idle_ms
        }
        best = min(peers, key=peers.__getitem__, default=None)
        for name, peer_ms in peers.items():
            target = Target(most=0.5) if name == best else None
            compared = f"{name} {peer_ms:.1f}"
            yield Row("idle latency ms", f"{own_ms:.1f}", compared, own_ms / peer_ms, target)
        if not peers:
            yield Row("idle latency ms", f"{own_ms:.1f}")

    def _overload(self) -> Iterator[Row]:
        overload, own = self.overload, self.contests[ALONE]
        if overload is None:
            return
        yield Row(
            "goodput under twice the load",
            f"{overload.goodput:.1f}",
            f"saturation before and after {overload.saturation:.1f}",
            overload.goodput / overload.saturation,
            Target(least=0.9),
        )
        others = ", ".join(f"{n} with {status}" for status, n in sorted(overload.outcomes.items()))
        neither = Target(most=0, text="none but 200 and 429")
        yield Row("… answers", others, target=neither, judged=overload.neither)
        extra = abs(overload.counted - overload.answered)
        yield Row(
            "… documents computed",
            str(overload.counted),
            f"answered with 200: {overload.answered}",
            overload.counted / max(1, overload.answered),
            Target(most=0, text="equal"),
            judged=extra,
        )
        saturated_ms = own.at(own.best, lambda point: point.server_cpu_ms)
        yield Row(
            "… CPU ms for each 200, refusals included",
            f"{overload.server_cpu_ms:.2f}",
            f"at saturation {saturated_ms:.2f}",
            overload.server_cpu_ms / saturated_ms,
        )

    def _recovery(self) -> Iterator[Row]:
        if self.recoveries:
            taken_s = [one.recovered_s for one in self.recoveries]
            idle_ms = median(one.idle_ms for one in self.recoveries)
            outcomes = sum((Counter(one.outcomes) for one in self.recoveries), Counter[str]())
            said = ", ".join(f"{n} with {status}" for status, n in sorted(outcomes.items()))
            yield Row(
                "seconds to idle latency after a burst",
                f"{median(taken_s):.2f}",
                f"{len(taken_s)} bursts: {said}; idle {idle_ms:.1f} ms",
                target=Target(most=1.0),
                judged=median(taken_s),
            )

    def as_json(self) -> dict[str, Any]:
        """Give everything as plain values, the table's rows included."""
        return {"rows": [row.as_json() for row in self.rows()], **asdict(self)}

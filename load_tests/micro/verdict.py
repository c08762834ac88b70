"""How often a verdict errs, and how much it needs: ``python -m load_tests.micro.verdict``.

Simulates streams of documents and judges them with the functions that judge the real ones, looking
again and again. Seeds are fixed, so that the figures are the same on every machine; with fewer
seeds they are rougher. Takes a few minutes, prints a table with the targets and exits with 0.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from load_tests.micro.common import print_line
from load_tests.micro.simulated_equals import (
    MARGIN,
    documents_without_labels,
    labels_to_not_worse,
)
from load_tests.micro.simulated_pairs import (
    flagged_after,
    null_copies_beyond,
    vetoed_after,
    wrong_shifts,
)
from load_tests.micro.simulated_promotions import (
    POWER,
    Case,
    days_until_blocked,
    documents_to_promotion,
    enough_labels,
    mcnemar_documents,
    stops_of_one_set,
    wrong_promotions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from load_tests.micro.simulated_pairs import Differences, Misses

__all__ = ["Row", "main", "rows"]

_CASES = {Case(0.85, 0.88, 0.1): 1.35, Case(0.9, 0.92, 0.05): 2.0, Case(0.7, 0.75, 0.2): 2.0}
"""With the most documents that are allowed, as a multiple of what one planned look needs."""


@dataclass(frozen=True, slots=True)
class Row:
    """A measured figure, and the most that it should be; None without a target."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None


def main() -> None:
    """Run the command line."""
    call = _parse()
    if call.json:
        # Strict JSON has no infinity: a figure that was never reached is null.
        found = [asdict(row) for row in rows(call.seeds)]
        print(json.dumps([row | {"value": _finite(row["value"])} for row in found]))
        return
    for row in rows(call.seeds):
        at_most = math.inf if row.at_most is None else row.at_most
        print_line(row.name, row.value, row.unit, at_most=at_most)


def rows(seeds: int) -> Iterator[Row]:
    """Yield all figures, each as soon as it is known."""
    yield from _promotions(seeds)
    yield from _power(seeds)
    yield from _stopping(seeds)
    yield from _not_worse(seeds)
    yield from _forecasts(seeds)
    yield from _recent(seeds)
    yield from _confidence(seeds)
    yield from _coverage(seeds)
    yield from _cost(seeds)


def _promotions(seeds: int) -> Iterator[Row]:
    for won in (0.3, 0.4, 0.5):
        name = f"ever promoted in 2,000 looks, {won:.0%} of discordant won"
        yield Row(name, 100 * wrong_promotions(won, seeds), "%", at_most=5)


def _power(seeds: int) -> Iterator[Row]:
    for case, at_most in _CASES.items():
        name = f"power {POWER:g}, {case.champion:g} and {case.challenger:g}"
        documents = float(np.quantile(documents_to_promotion(case, seeds), POWER, method="higher"))
        yield Row(f"{name}, {case.discordant:.0%} discordant: documents", documents)
        for sides, limit in ((2, at_most), (1, None)):
            planned = mcnemar_documents(case, sides)
            label = f"{name}: of {sides}-sided exact McNemar's {planned:,}"
            yield Row(label, documents / planned, "times", limit)


def _stopping(seeds: int) -> Iterator[Row]:
    case = next(iter(_CASES))
    planned = mcnemar_documents(case)
    stops = stops_of_one_set(case, 4 * planned, seeds)
    name = "the same labels in any order, .85 and .88"
    yield Row(f"{name}: mean stop", float(stops.mean()), at_most=planned)
    yield Row(f"{name}: before planned", 100 * float((stops <= planned).mean()), "%")


def _not_worse(seeds: int) -> Iterator[Row]:
    without = documents_without_labels(0.01, seeds)
    yield from _quantiles("not worse by .02, 1% differ, no label: documents", without, 2500)
    for drawn, words in ((1.0, "each labelled"), (0.5, "half drawn")):
        labels = labels_to_not_worse(0.1, drawn, seeds)
        yield from _quantiles(f"not worse by .02, 10% differ, {words}: labels", labels, 320)
    yield from _as_bad_as_the_margin(seeds)


def _as_bad_as_the_margin(seeds: int) -> Iterator[Row]:
    """Yield how often "not worse" is ever shown of a challenger that loses the whole margin."""
    name = "a loss of .02 passes as not worse"
    without = np.isfinite(documents_without_labels(MARGIN, seeds)).mean()
    yield Row(f"{name}, 2% differ, no label", 100 * float(without), "%", at_most=5)
    for drawn, words in ((1.0, "each labelled"), (0.5, "half drawn")):
        shown = np.isfinite(labels_to_not_worse(0.1, drawn, seeds, loss=MARGIN)).mean()
        yield Row(f"{name}, 10% differ, {words}", 100 * float(shown), "%", at_most=5)


def _forecasts(seeds: int) -> Iterator[Row]:
    for labelled in (20, 100):
        outcomes = zip(
            ("fewer needed", "true", "more needed"), enough_labels(labelled, seeds), strict=True
        )
        for outcome, share in outcomes:
            name = f"labels needed, foretold after {labelled}: {outcome}"
            yield Row(name, 100 * share, "%")


def _recent(seeds: int) -> Iterator[Row]:
    for won in (0.65, 0.5):
        blocked = np.isfinite(days_until_blocked(won, 50, 30, seeds)).mean()
        name = f"the last day ever blocks in 30 days, {won:.0%} won"
        yield Row(name, 100 * float(blocked), "%", at_most=5 if won > 1 / 2 else None)
    after = days_until_blocked(0.3, 50, 30, seeds)
    yield from _quantiles("the last day blocks, 30% of 50 a day won: days", after, None)


def _confidence(seeds: int) -> Iterator[Row]:
    kinds: tuple[Differences, ...] = ("uniform", "skewed")
    for kind in kinds:
        name = f"confidence shift shown of none, 10,000 documents, {kind}"
        yield Row(name, 100 * wrong_shifts(kind, seeds), "%", at_most=5)
    beyond = null_copies_beyond(5_000, max(seeds // 50, 1))
    yield Row("null copies of 100 beyond the bound at once, at most", beyond, at_most=5)


def _coverage(seeds: int) -> Iterator[Row]:
    for share in (0.05, 0.02):
        after = flagged_after("long", share, 4_000, seeds)
        name = f"the longest {share:.0%} missed, until flagged: documents"
        yield from _quantiles(name, after, None)
        yield Row(f"{name}, all", float(after.max()), at_most=2_000)
    chance: tuple[tuple[Misses, float], ...]
    chance = (("random", 0.01), ("random", 0.1), ("bursts", 0.05))
    for kind, share in chance:
        flagged = np.isfinite(flagged_after(kind, share, 5_000, seeds)).mean()
        name = f"flagged by mistake, {share:.0%} missed, {kind}"
        yield Row(name, 100 * float(flagged), "%", at_most=5)


def _cost(seeds: int) -> Iterator[Row]:
    for noise in (0.2, 0.5):
        vetoed = np.isfinite(vetoed_after(1.0, noise, 5_000, seeds)).sum()
        yield Row(f"an equal cost is a veto, noise {noise:g}", float(vetoed), "seeds", at_most=0)
    for noise, at_most in ((0.1, 300), (0.2, 300), (0.5, None)):
        after = vetoed_after(1.3, noise, 3_000, max(seeds // 4, 1))
        yield from _quantiles(f"1.3 times the cost, noise {noise:g}: documents", after, at_most)


def _quantiles(name: str, values: NDArray[np.float64], at_most: float | None) -> Iterator[Row]:
    """Yield the median, which has a target, and the 90th percentile."""
    median, ninth = np.quantile(values, (0.5, 0.9), method="higher").tolist()
    yield Row(f"{name}, median", median, at_most=at_most)
    yield Row(f"{name}, nine of ten", ninth)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.micro.verdict",
        description="Simulate how often a verdict errs, and how many documents it needs.",
    )
    add = parser.add_argument
    add("--seeds", type=int, default=1000, help="streams of a simulation (%(default)s)")
    add("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    main()

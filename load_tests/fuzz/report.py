"""What a run of the fuzz has tried, and what went wrong."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guards.json_types import JsonMapping

__all__ = ["Failure", "Report"]

_MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, and the input with the seed and number that make it again."""

    what: str
    input: JsonMapping

    def __str__(self) -> str:
        """Write the failure in lines."""
        return f"{self.what}\n" + "\n".join(f"    {k}  {v}" for k, v in self.input.items())


@dataclass(slots=True)
class Report:
    """Counts of inputs by kind and outcome, costs, and failures."""

    name: str
    seed: int
    tried: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    failures: list[Failure] = field(default_factory=list)
    not_made: int = 0
    slowest_s: float = 0.0
    peak_bytes: int = 0
    started_s: float = field(default_factory=time.monotonic)

    @property
    def count(self) -> int:
        """The number of inputs that were tried."""
        return sum(counts.total() for counts in self.tried.values())

    def add(self, kind: str, outcome: str) -> None:
        """Count an input by what it was and how it ended."""
        self.tried[kind][outcome] += 1

    def add_failure(self, failure: Failure) -> None:
        """Keep a failure, and show it at once."""
        self.failures.append(failure)
        print(f"FAILED {failure}", file=sys.stderr, flush=True)

    def print_progress(self) -> None:
        """Write one line to standard error."""
        minutes = (time.monotonic() - self.started_s) / 60
        words = f"{minutes:.1f} min: {self.count} tried, {len(self.failures)} failed"
        print(words, file=sys.stderr, flush=True)

    def __str__(self) -> str:
        """Write the whole report as a table of kinds and outcomes."""
        lines = [f"{self.name}, seed {self.seed}: {self.count} tried, {self.not_made} not made"]
        for kind, counts in sorted(self.tried.items()):
            outcomes = ", ".join(f"{name} {count}" for name, count in counts.most_common())
            lines.append(f"{kind:<12}{counts.total():>8}  {outcomes}")
        lines.append(f"slowest {self.slowest_s:.1f} s, most memory {self.peak_bytes / 1e6:.0f} MB")
        lines.append(f"failed  {len(self.failures)}")
        lines += [f"  {failure}" for failure in self.failures[:_MAX_SHOWN]]
        return "\n".join(lines)

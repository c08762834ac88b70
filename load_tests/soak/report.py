"""What has to hold of a service that was loaded for long."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from load_tests.soak.trends import trend
from load_tests.stage import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from load_tests.soak.sampling import Sample
    from load_tests.soak.trends import Trend

    Figure = Callable[[Sample], float]

__all__ = ["after_warm_up", "judge"]

# Less than the smallest object of Python (24 bytes) kept for each of 100 documents a second, which
# is what half load is on two cores: 360,000 documents are 8.2 MiB an hour.
_MEMORY_MIB = 8.0

# The slowest leak that an hour can show.
_DESCRIPTORS = 1.0

# What the shadow may add to the champion's latency, too (load_tests.bench).
_P99_SHARE = 0.1


def after_warm_up(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Leave out the first sixth of the samples.

    Of an hour at half load these are ten minutes, in which everything that keeps the latest 10,000
    documents has been filled.
    """
    return samples[len(samples) // 6 :]


def judge(samples: Sequence[Sample]) -> dict[str, Outcome]:
    """Judge the samples, at least two: answers, processes, and what must not grow."""
    kept = after_warm_up(samples)
    return {
        "answers": _answers(samples),
        "processes": _processes(samples),
        "memory": _memory(kept),
        "descriptors": _flat(kept, lambda sample: sample.descriptors, _DESCRIPTORS, "open"),
        "p99": _p99(kept),
    }


def _answers(samples: Sequence[Sample]) -> Outcome:
    answered, failed = (
        sum(getattr(sample, name) for sample in samples) for name in ("answered", "failed")
    )
    return Outcome(failed == 0, f"{answered} answered, {failed} failed")


def _processes(samples: Sequence[Sample]) -> Outcome:
    """See that no process was started again: what it had lost would not show."""
    first, last = samples[0].pids, samples[-1].pids
    return Outcome(first == last, f"{first}" if first == last else f"{first} and then {last}")


def _memory(samples: Sequence[Sample]) -> Outcome:
    """See that the sum does not grow, and tell the slope of each process."""
    whole = _flat(samples, lambda sample: sample.memory_mib, _MEMORY_MIB, "MiB")
    names = set.intersection(*(set(sample.processes) for sample in samples))
    parts = ", ".join(
        f"{name} {_trend(samples, _memory_of(name)).per_hour:+.2f}" for name in sorted(names)
    )
    return replace(whole, told=f"{whole.told}; {parts}")


def _p99(samples: Sequence[Sample]) -> Outcome:
    """See that latency does not grow at the median pace of the machine, whose own pace wavers.

    A shared machine is a quarter slower for minutes, which would look like a trend, or hide one.
    """
    pace_ms = median(sample.pace_ms for sample in samples)
    limit = _P99_SHARE * median(sample.p99_ms for sample in samples)
    paced = _flat(samples, lambda sample: sample.p99_ms * pace_ms / sample.pace_ms, limit, "ms")
    measured = _trend(samples, lambda sample: sample.p99_ms)
    pace = _trend(samples, lambda sample: 100 * sample.pace_ms / pace_ms)
    told = (
        f"{paced.told}, at the machine's median pace; as measured {measured.per_hour:+.2f} ms/hour "
        f"({measured.low:+.2f} to {measured.high:+.2f}), its pace {pace.per_hour:+.2f} %/hour"
    )
    return replace(paced, told=told)


def _memory_of(process: str) -> Figure:
    return lambda sample: sample.processes[process].memory_mib


def _flat(samples: Sequence[Sample], figure: Figure, limit: float, unit: str) -> Outcome:
    """See that a figure does not certainly grow faster than the limit, in units an hour."""
    slope = _trend(samples, figure)
    return Outcome(
        passed=slope.low <= limit,
        told=(
            f"{slope.per_hour:+.2f} {unit}/hour ({slope.low:+.2f} to {slope.high:+.2f}, which "
            f"must not be above {limit:.2f}), median {median(map(figure, samples)):.1f} {unit}"
        ),
    )


def _trend(samples: Sequence[Sample], figure: Figure) -> Trend:
    return trend([sample.elapsed_s for sample in samples], [figure(sample) for sample in samples])

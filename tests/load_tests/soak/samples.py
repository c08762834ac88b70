"""Samples of a service that was never started."""

from __future__ import annotations

import numpy as np

from load_tests.soak.sampling import ProcessUse, Sample
from load_tests.status import Coverage

__all__ = ["samples"]


def samples(
    *,
    mib: float = 0.0,
    descriptors: float = 0.0,
    p99_ms: float = 0.0,
    failed: int = 0,
    slower: float = 0.0,
) -> list[Sample]:
    """Return those of an hour, whose figures grow by so much an hour, and waver.

    The machine becomes ``slower`` by such a part of its pace.
    """
    rng = np.random.default_rng(1)
    coverage = Coverage(0, 0, 0, 0, {})
    return [
        Sample(
            elapsed_s=hour * 3600,
            processes={
                "champion": ProcessUse(7, 800 + rng.normal() + mib * hour, 20, 13),
                "challenger": ProcessUse(8, 500, round(rng.uniform(4, 7) + descriptors * hour), 7),
            },
            answered=1000,
            failed=failed,
            p50_ms=20.0,
            p99_ms=(60 + 5 * rng.normal() + p99_ms * hour) * (1 + slower * hour),
            late_ms=1.0,
            pace_ms=10 * (1 + slower * hour),
            coverage=coverage,
            log_bytes=0,
        )
        for hour in np.arange(1, 361) / 360
    ]

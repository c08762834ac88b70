"""Windows as a service flushes them, of weeks of simulated traffic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from guards.drift.cells import grouped_cells
from guards.drift.feature_reference import NumericReference
from guards.drift.features import CHAMPION, live_features
from guards.events.drift_window import DriftWindow
from guards.events.rendering import line_renderer
from guards.events.window_parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from guards.drift.feature_reference import FeatureReference
    from guards.drift.reference import Reference
    from guards.json_types import JsonObject

    Ints = NDArray[np.int64]
    Shares = Mapping[str, Sequence[float] | NDArray[np.float64]]

__all__ = ["MONDAY", "Weeks", "write_windows"]

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Weeks:
    """Traffic from ``MONDAY`` on, in windows of so many ``minutes``.

    ``shares`` returns for a segment, at so many hours since ``MONDAY``, the shares of the cells of
    features by their names in windows; the others are as in the reference. ``documents`` are those
    of each segment in a window; None stands for documents without a segment. Of the ``private``
    features nothing is told by segment.
    """

    reference: Reference
    shares: Callable[[str | None, float], Shares] = lambda _segment, _hours: {}
    minutes: int = 60
    documents: Mapping[str | None, int] = field(default_factory=lambda: {None: 100})
    private: frozenset[str] = frozenset()
    seed: int = 3

    def windows(self, days: float, first_day: float = 0) -> Iterator[DriftWindow]:
        """Yield the windows of so many days."""
        generator = np.random.default_rng([self.seed, int(first_day)])
        width = timedelta(minutes=self.minutes)
        fingerprint = self.reference.fingerprint
        features = live_features(self.reference.features, CHAMPION)
        usual = {name: _usual(each) for name, each in features.items()}
        groups = {name: grouped_cells(each) for name, each in features.items()}
        for number in range(round(days * 1440 / self.minutes)):
            start = MONDAY + timedelta(days=first_day) + number * width
            hours = (start - MONDAY) / timedelta(hours=1)
            total = {name: np.zeros(len(each), dtype=np.int64) for name, each in usual.items()}
            named: JsonObject = {}
            for segment, documents in self.documents.items():
                shares = {**usual, **self.shares(segment, hours)}
                drawn = {
                    name: generator.multinomial(documents, np.asarray(each))
                    for name, each in shares.items()
                }
                for name, counts in drawn.items():
                    total[name] += counts
                if segment is not None:
                    joined = {
                        name: {"counts": _joined(counts, groups[name])}
                        for name, counts in drawn.items()
                        if name not in self.private
                    }
                    named[segment] = {"documents": documents, "features": joined}
            yield DriftWindow(
                start=start,
                end=start + width,
                documents=sum(self.documents.values()),
                reference=fingerprint,
                counts={
                    "features": {
                        name: _snapshot(features[name], counts) for name, counts in total.items()
                    },
                    "answers": {"predicted": {}},
                    "unseen": {"predicted": {}},
                    "segments": {"named": named, "other": {}},
                    "challengers": {},
                },
                scores={},
            )


def _usual(feature: FeatureReference) -> NDArray[np.float64]:
    counts = np.array(feature.cell_counts, dtype=np.float64)
    return np.asarray(counts / counts.sum())


def _joined(counts: Ints, groups: Ints) -> list[int]:
    return [int(counts[groups == group].sum()) for group in range(int(groups.max()) + 1)]


def _snapshot(feature: FeatureReference, counts: Ints) -> JsonObject:
    """Return the snapshot of a feature with these counts; sums of numbers are all 0."""
    *known, missing, outside = counts.tolist()
    snapshot: JsonObject = {"counts": known, "missing": missing, "confidence": [0] * len(counts)}
    if isinstance(feature, NumericReference):
        return snapshot | {
            "infinite": outside,
            "total": 0,
            "total_squares": 0,
            "minimum": feature.minimum,
            "maximum": feature.maximum,
        }
    return snapshot | {"unknown": outside, "new": {}, "new_other": outside}


def write_windows(path: Path, windows: Iterable[DriftWindow], run: str = "run") -> Path:
    """Write the windows as a replica does, long ones in parts."""
    render = line_renderer("replica", run)
    parts = (part for window in windows for part in parts_of(window))
    path.write_bytes(b"".join(render(part, part.end, seq) for seq, part in enumerate(parts, 1)))
    return path

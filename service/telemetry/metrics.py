"""The Prometheus metrics of one process.

The counts are our own and not those of `prometheus_client`, because those share their values
through files once `PROMETHEUS_MULTIPROC_DIR` is set, as BentoML does in its workers: they would
then be scraped twice, here and among BentoML's own.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

__all__ = ["Count", "Distribution", "Metrics"]

_REQUEST_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CONFIDENCE_BOUNDS = tuple(tenths / 10 for tenths in range(1, 11))


class Count:
    """A counter for each combination of label values; safe to raise from any thread."""

    def __init__(self, name: str, meaning: str, *labels: str) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._counts: Counter[tuple[str, ...]] = Counter() if labels else Counter({(): 0})
        self._lock = threading.Lock()

    def inc(self, *labels: str, by: int = 1) -> None:
        """Add `by` to the counter of these label values, given in the order of the labels."""
        with self._lock:
            self._counts[labels] += by

    def family(self) -> Metric:
        """Return the counters as they are now."""
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labels)
        with self._lock:
            for labels, count in self._counts.items():
                family.add_metric(labels, count)
        return family


class Distribution:
    """A histogram; a value is counted at the first of the ascending `bounds` that it is within."""

    def __init__(self, name: str, meaning: str, bounds: tuple[float, ...]) -> None:
        self._name, self._meaning, self._bounds = name, meaning, bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe(self, value: float) -> None:
        """Count one value."""
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value

    def family(self) -> Metric:
        """Return the histogram as it is now."""
        bounds = [*map(str, self._bounds), "+Inf"]
        with self._lock:
            buckets = list(zip(bounds, accumulate(self._counts), strict=True))
            return HistogramMetricFamily(
                self._name, self._meaning, buckets=buckets, sum_value=self._sum
            )


class Metrics(Collector):
    """Counters and histograms to raise on the request path, and gauges read at each scrape.

    `queue_documents`, `lost_log_lines` (by sink) and `ready` are called at each scrape, from
    whichever thread renders it.
    """

    def __init__(
        self,
        *,
        queue_documents: Callable[[], int],
        lost_log_lines: Callable[[], Mapping[str, int]],
        ready: Callable[[], bool],
    ) -> None:
        self._queue_documents = queue_documents
        self._lost_log_lines = lost_log_lines
        self._ready = ready

        self.documents = Count("understudy_documents", "Documents answered.")
        self.inputs = Count(
            "understudy_inputs", "Features that something was noticed about.", "kind", "feature"
        )
        self.requests = Count("understudy_requests", "Requests answered.", "status")
        self.shadow_eligible = Count(
            "understudy_shadow_eligible", "Documents a challenger was to hear.", "challenger"
        )
        self.shadow_compared = Count(
            "understudy_shadow_compared", "Documents a challenger was compared on.", "challenger"
        )
        self.shadow_missed = Count(
            "understudy_shadow_missed", "Documents a challenger missed.", "challenger", "reason"
        )
        self.disagreements = Count(
            "understudy_disagreements", "Documents a challenger labelled otherwise.", "challenger"
        )
        self.request_seconds = Distribution(
            "understudy_request_seconds", "From request to answer, in seconds.", _REQUEST_BOUNDS_S
        )
        self.champion_confidence = Distribution(
            "understudy_champion_confidence", "The champion's confidence.", _CONFIDENCE_BOUNDS
        )

    def render(self) -> tuple[bytes, str]:
        """Return the body of a scrape and its content type."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterable[Metric]:
        """Yield every metric; `prometheus_client` calls this at each scrape."""
        for metric in vars(self).values():
            if isinstance(metric, Count | Distribution):
                yield metric.family()
        yield GaugeMetricFamily(
            "understudy_queue_documents", "Documents that wait.", value=self._queue_documents()
        )
        yield GaugeMetricFamily(
            "understudy_ready", "Whether the champion answers: 1 or 0.", value=self._ready()
        )
        lost_lines = GaugeMetricFamily(
            "understudy_lost_log_lines", "Log lines that will never be written.", labels=["sink"]
        )
        for sink, lines in self._lost_log_lines().items():
            lost_lines.add_metric([sink], lines)
        yield lost_lines

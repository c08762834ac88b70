"""The Prometheus metrics of one process.

The counters are not those of `prometheus_client`, which share their values through files once
`PROMETHEUS_MULTIPROC_DIR` is set. BentoML sets it in its workers, and would export them twice.
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

from guards.text import printable

__all__ = ["Count", "Distribution", "Level", "Metrics"]

_REQUEST_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CONFIDENCE_BOUNDS = tuple(tenths / 10 for tenths in range(1, 11))


def _printable(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return label values, which may be names from bundles, as they can be shown on a terminal."""
    return tuple(map(printable, labels))


class Count:
    """A counter for each combination of label values; safe to use from any thread."""

    def __init__(self, name: str, meaning: str, *labels: str) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._counts: Counter[tuple[str, ...]] = Counter() if labels else Counter({(): 0})
        self._lock = threading.Lock()

    def inc(self, *labels: str, by: int = 1) -> None:
        """Add `by` to the counter of these label values, given in the order of the labels."""
        with self._lock:
            self._counts[labels] += by

    def family(self) -> Metric:
        """Return the current counters."""
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labels)
        with self._lock:
            for labels, count in self._counts.items():
                family.add_metric(_printable(labels), count)
        return family


class Distribution:
    """A histogram; a value is counted at the first of the ascending `bounds` not below it."""

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
        """Return the current histogram."""
        bounds = [*map(str, self._bounds), "+Inf"]
        with self._lock:
            buckets = list(zip(bounds, accumulate(self._counts), strict=True))
            return HistogramMetricFamily(
                self._name, self._meaning, buckets=buckets, sum_value=self._sum
            )


class Level:
    """A gauge for each combination of label values; safe to use from any thread."""

    def __init__(self, name: str, meaning: str, *labels: str) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._values: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def set(self, value: float, *labels: str) -> None:
        """Set the gauge of these label values, given in the order of the labels."""
        with self._lock:
            self._values[labels] = value

    def remove(self, *labels: str) -> None:
        """Drop the gauges whose first label values are these."""
        with self._lock:
            kept = {key: v for key, v in self._values.items() if key[: len(labels)] != labels}
            self._values = kept

    def family(self) -> Metric:
        """Return the current gauges."""
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        with self._lock:
            for labels, value in self._values.items():
                family.add_metric(_printable(labels), value)
        return family


class Metrics(Collector):
    """Counters and histograms of the request path, and gauges that are read at each scrape.

    The gauges of verdicts are those of the last time that somebody asked, or of the last flush.

    `queue_documents`, `lost_log_lines` (by sink) and `ready` are called at each scrape, from the
    thread that renders it.
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
            "understudy_inputs",
            "Documents with an unusual input, by kind and feature.",
            "kind",
            "feature",
        )
        self.requests = Count("understudy_requests", "Requests answered.", "status")
        self.connections_cut = Count(
            "understudy_connections_cut",
            "Connections cut because their clients took too long, or sent too much or no HTTP.",
            "reason",
        )
        self.shadow_eligible = Count(
            "understudy_shadow_eligible", "Documents eligible for shadow.", "challenger"
        )
        self.shadow_compared = Count(
            "understudy_shadow_compared", "Documents compared with a challenger.", "challenger"
        )
        self.shadow_missed = Count(
            "understudy_shadow_missed",
            "Documents that a challenger missed.",
            "challenger",
            "reason",
        )
        self.disagreements = Count(
            "understudy_disagreements",
            "Documents that a challenger labels differently.",
            "challenger",
        )
        self.labels = Count(
            "understudy_labels",
            "True labels received, by whether the document's answer was in memory.",
            "answer",
        )
        self.verdict = Level(
            "understudy_verdict",
            "1 for the decision on a challenger, else 0.",
            "challenger",
            "decision",
        )
        self.accuracy = Level(
            "understudy_accuracy",
            "Share of labelled documents that a variant answered rightly, and its 95 % interval.",
            "challenger",
            "variant",
            "bound",
        )
        self.alarms = Level("understudy_alarms", "Drift alarms in force.", "severity")
        self.alarms_raised = Count(
            "understudy_alarms_raised", "Drift alarms that were raised.", "severity"
        )
        self.alerts = Level(
            "understudy_alerts", "Alerts for the webhook, by what became of them.", "outcome"
        )
        self.request_seconds = Distribution(
            "understudy_request_seconds", "Seconds from request to answer.", _REQUEST_BOUNDS_S
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
            if isinstance(metric, Count | Distribution | Level):
                yield metric.family()
        yield GaugeMetricFamily(
            "understudy_queue_documents",
            "Documents admitted and not answered.",
            value=self._queue_documents(),
        )
        yield GaugeMetricFamily(
            "understudy_ready", "1 while the champion answers, else 0.", value=self._ready()
        )
        lost_lines = GaugeMetricFamily(
            "understudy_lost_log_lines", "Log lines that will never be written.", labels=["sink"]
        )
        for sink, lines in self._lost_log_lines().items():
            lost_lines.add_metric([sink], lines)
        yield lost_lines

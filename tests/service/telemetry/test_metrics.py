"""The scrape, read by the parser of the ecosystem."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.telemetry.metrics import Metrics

ROOT = Path(__file__).parents[3]

Key: TypeAlias = tuple[str, frozenset[tuple[str, str]]]


def metrics() -> Metrics:
    """Make metrics of a service that does nothing."""
    return Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: False)


def scraped(metrics: Metrics) -> dict[Key, float]:
    """Scrape and parse: the value of each sample by its name and labels."""
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> Key:
    """Return the key of a sample."""
    return name, frozenset(labels.items())


def test_counters_are_scraped_with_their_labels() -> None:
    """Each counter appears under its name with the labels it was raised for."""
    ours = metrics()
    ours.documents.inc(by=3)
    ours.requests.inc("200")
    ours.inputs.inc("unknown", "court")
    ours.inputs.inc("missing", "court")
    ours.inputs.inc("missing", "court")
    ours.shadow_eligible.inc("docs/4", by=3)
    ours.shadow_compared.inc("docs/4")
    ours.shadow_compared.inc("docs/4")
    ours.shadow_missed.inc("docs/4", "queue_full")
    ours.disagreements.inc("docs/4")
    samples = scraped(ours)
    assert samples[labelled("understudy_documents_total")] == 3
    assert samples[labelled("understudy_requests_total", status="200")] == 1
    unknown, missing = (
        samples[labelled("understudy_inputs_total", kind=kind, feature="court")]
        for kind in ("unknown", "missing")
    )
    assert (unknown, missing) == (1, 2)
    eligible = samples[labelled("understudy_shadow_eligible_total", challenger="docs/4")]
    compared = samples[labelled("understudy_shadow_compared_total", challenger="docs/4")]
    missed = labelled("understudy_shadow_missed_total", challenger="docs/4", reason="queue_full")
    assert (eligible, compared, samples[missed]) == (3, 2, 1)
    assert samples[labelled("understudy_disagreements_total", challenger="docs/4")] == 1


def test_histograms_count_from_the_first_bucket_to_the_last() -> None:
    """A confidence is counted in the buckets at and above it, certainty included."""
    ours = metrics()
    for confidence in (0.1, 0.45, 1.0):
        ours.champion_confidence.observe(confidence)
    samples = scraped(ours)
    buckets = [
        samples[labelled("understudy_champion_confidence_bucket", le=str(tenths / 10))]
        for tenths in range(1, 11)
    ]
    assert buckets == [1, 1, 1, 1, 2, 2, 2, 2, 2, 3]
    assert samples[labelled("understudy_champion_confidence_count")] == 3


def test_the_sum_of_a_histogram_is_that_of_its_values() -> None:
    """Values within, on and beyond the bounds are all in the sum, and in their buckets."""
    ours = metrics()
    values = [0.0001, 0.001, 0.03, 10.0, 60.0]
    for value in values:
        ours.request_seconds.observe(value)
    samples = scraped(ours)
    assert samples[labelled("understudy_request_seconds_sum")] == pytest.approx(np.sum(values))
    for bound, expected in (("0.001", 2), ("10.0", 4), ("+Inf", 5)):
        assert samples[labelled("understudy_request_seconds_bucket", le=bound)] == expected


def test_gauges_are_read_at_each_scrape() -> None:
    """Queue, readiness and lost lines are those of the moment of the scrape."""
    lost, waiting = {"stdout": 0, "file": 0}, ["a document"]
    ours = Metrics(
        queue_documents=lambda: len(waiting),
        lost_log_lines=lambda: lost,
        ready=lambda: not waiting,
    )
    before = scraped(ours)
    lost["file"] = 5
    waiting.clear()
    after = scraped(ours)

    def gauges(samples: dict[Key, float]) -> list[float]:
        return [
            samples[labelled("understudy_queue_documents")],
            samples[labelled("understudy_ready")],
            samples[labelled("understudy_lost_log_lines", sink="stdout")],
            samples[labelled("understudy_lost_log_lines", sink="file")],
        ]

    assert (gauges(before), gauges(after)) == ([1, 0, 0, 0], [0, 1, 0, 5])


def test_a_level_is_what_it_was_set_to_last() -> None:
    """A decision that was taken back is 0, one that stands is 1, and what is removed is gone."""
    ours = metrics()
    assert not [name for name, _ in scraped(ours) if name == "understudy_verdict"]
    for decision, value in (("promote", 1), ("promote", 0), ("keep", 1)):
        ours.verdict.set(value, "docs/4", decision)
    for name in ("docs/4", "docs/5"):
        ours.accuracy.set(0.75, name, "champion", "low")
    samples = scraped(ours)
    decisions = [
        samples[labelled("understudy_verdict", challenger="docs/4", decision=decision)]
        for decision in ("promote", "keep")
    ]
    assert decisions == [0, 1]
    first, second = (
        labelled("understudy_accuracy", challenger=name, variant="champion", bound="low")
        for name in ("docs/4", "docs/5")
    )
    assert samples[first] == samples[second] == 0.75
    ours.accuracy.remove("docs/4")
    samples = scraped(ours)
    assert (first in samples, samples[second]) == (False, 0.75)


def test_what_was_never_counted_is_zero_where_it_has_no_labels() -> None:
    """Dashboards see zero documents rather than nothing before the first request."""
    assert scraped(metrics())[labelled("understudy_documents_total")] == 0


ELSEWHERE = """
from service.telemetry.metrics import Metrics

metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
metrics.documents.inc()
metrics.requests.inc("200")
metrics.request_seconds.observe(0.1)
print(metrics.render()[0].decode())
"""


def test_counts_stay_in_the_process(tmp_path: Path) -> None:
    """Where BentoML shares its metrics through files, ours are not among them."""
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "understudy_documents_total 1.0" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_names_in_a_scrape_are_safe_on_a_terminal() -> None:
    """Features and challengers are called what a bundle calls them, and people read scrapes too."""
    ours = metrics()
    ours.inputs.inc("missing", "ev\x1b[2J\nil\u2028\u202e\ud800")
    ours.verdict.set(1, "ev\x9b31mil/1", "keep")

    samples = scraped(ours)

    body, _ = ours.render()
    assert body.decode().replace("\n", "").isprintable()
    feature = "ev\\x1b[2J\\nil\\u2028\\u202e\\ud800"
    assert samples[labelled("understudy_inputs_total", kind="missing", feature=feature)] == 1
    challenger = "ev\\x9b31mil/1"
    assert samples[labelled("understudy_verdict", challenger=challenger, decision="keep")] == 1

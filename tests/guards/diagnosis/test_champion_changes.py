"""When something else answered, told by documents and by starts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from guards.bundle.identity import BundleIdentity
from guards.diagnosis.champion_changes import champion_changes
from guards.diagnosis.documents import Documents, collect
from guards.diagnosis.periods import EVERYTHING
from guards.events.service_events import ServiceStarted, Variant
from guards.evidence.columns import Categories

IDENTITIES = [BundleIdentity("docs", "1", "sha256:1f"), BundleIdentity("docs", "2", "sha256:2e")]


def _documents(*rows: tuple[int, str, str, str]) -> Documents:
    """Return documents of a moment, replica, fingerprint and run."""
    moments, replicas, champions, runs = zip(*rows, strict=True)
    return replace(
        collect([], EVERYTHING, {}),
        observed_at=np.array(moments, dtype=np.int64),
        replicas=Categories.of(replicas),
        champions=Categories.of(champions),
        runs=Categories.of(runs),
    )


def _start(engine: str) -> ServiceStarted:
    return ServiceStarted(
        champion=Variant("docs", "1", "sha256:1f", engine),
        challengers=(),
        engine={"name": engine},
        columns=None,
        environment={},
        git_commit=None,
        environment_differences={},
        tolerated=(),
        settings={},
    )


def test_another_bundle_is_told_in_each_replica() -> None:
    """At its first document, also where that is the first one of the bad period."""
    good = _documents((1, "a", "sha256:1f", "a1"), (2, "b", "sha256:1f", "b1"))
    bad = _documents((5, "a", "sha256:2e", "a2"), (6, "b", "sha256:1f", "b1"))
    (change,) = champion_changes((good, bad), IDENTITIES, {})
    assert change == (5, "a", "docs/1 (sha256:1f)", "docs/2 (sha256:2e)")
    assert change.to_json()["at"] == "1970-01-01T00:00:00.000005Z"


def test_another_engine_is_told_by_the_starts() -> None:
    """Without them a new run is none."""
    documents = _documents(
        (1, "a", "sha256:1f", "a1"), (2, "a", "sha256:1f", "a2"), (3, "a", "sha256:1f", "a3")
    )
    starts = {"a1": _start("torch"), "a2": _start("torch"), "a3": _start("onnx-int8")}
    (change,) = champion_changes([documents], IDENTITIES, starts)
    assert change[0] == 3
    assert change.before == "docs/1 (sha256:1f, torch)"
    assert change.now == "docs/1 (sha256:1f, onnx-int8)"
    assert champion_changes([documents], IDENTITIES, {}) == ()

"""Faults of a bundle's quantised engine."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.opening import open_bundle
from guards.errors import GuardRefused
from service.engines.choosing import choose
from service.lifecycle.preflight import refusals
from service.lifecycle.roles import judge_roles
from service.settings import AUTO, read_settings
from tests.faults.resealing import edit_manifest, findings_of, reseal, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

ANSWERS = "engines/onnx-int8/probabilities.npy"


def over_budget(manifest: JsonObject) -> None:
    """Let the report say that more labels changed than may."""
    report = manifest["parity"]["onnx-int8"]
    report.update(flips=report["documents"], max_flips=0.005)


def answered_otherwise(bundle: Path) -> None:
    """Let the bundle say that the engine answered its probes otherwise where it was built."""
    answers = np.load(io.BytesIO((bundle / ANSWERS).read_bytes()))
    buffer = io.BytesIO()
    np.save(buffer, np.roll(answers, 1, axis=1))
    reseal(bundle, {ANSWERS: buffer.getvalue()})


def test_engine_over_its_budget_is_refused(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """A bundle that carries an engine which changes too many labels does not open."""
    bundle = copied(accelerated)
    edit_manifest(bundle, over_budget)

    finding = the_finding(findings_of(bundle), "engine_over_budget", "onnx-int8")

    assert "labels flip" in finding.observed


def test_engine_without_a_parity_report_is_refused(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """Without a parity report nothing is known of an engine."""
    bundle = copied(accelerated)
    edit_manifest(bundle, lambda manifest: manifest.update(parity=None))

    found = the_finding(findings_of(bundle), "engine_over_budget", "onnx-int8")
    assert found.observed == "no parity report"


def test_probes_off_on_this_host_are_refused_where_the_engine_was_asked_for(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """The preflight refuses before the port opens, with what to do."""
    bundle = copied(accelerated)
    answered_otherwise(bundle)
    environment = {"UNDERSTUDY_CHAMPION": str(bundle), "UNDERSTUDY_ENGINE": "onnx-int8"}

    ((role, refusal),) = refusals(judge_roles(read_settings(environment)))

    assert role == "champion"
    assert [finding.code for finding in refusal.findings] == ["engine_probe_failed"]
    assert "ENGINE=torch" in refusal.findings[0].remedy


def test_probes_off_on_this_host_are_reported_and_another_engine_serves(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """With ``auto`` the network itself answers, and the start says why."""
    bundle = copied(accelerated)
    answered_otherwise(bundle)

    choice = choose(open_bundle(bundle), AUTO)

    assert choice.engine.name == "torch"
    assert [finding.code for finding in choice.findings] == ["engine_probe_failed"]
    assert choice.to_json()["findings"][0]["code"] == "engine_probe_failed"


def test_graph_that_does_not_load_is_reported(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """What is no graph cannot serve; the network can."""
    bundle = copied(accelerated)
    reseal(bundle, {"engines/onnx-int8/model.onnx": b"no graph"})

    assert [f.code for f in choose(open_bundle(bundle), AUTO).findings] == ["engine_unavailable"]
    with pytest.raises(GuardRefused):
        choose(open_bundle(bundle), "onnx-int8")


def test_answers_that_want_to_run_code_are_refused(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """Arrays are read without unpickling."""
    bundle = copied(accelerated)
    buffer = io.BytesIO()
    np.save(buffer, np.array([print], dtype=object), allow_pickle=True)
    reseal(bundle, {ANSWERS: buffer.getvalue()})

    the_finding(findings_of(bundle), "part_unreadable", ANSWERS)

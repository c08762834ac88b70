"""Faults of a bundle's quantised engine."""

from __future__ import annotations

import io
import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors

from artifacts.bundle.opening import open_bundle
from guards.bundle.layout import WEIGHTS
from guards.bundle.sealed_files import read_sealed
from guards.errors import GuardRefused
from guards.integrity.requirements import Requirements
from service.cli import main
from service.engines.choosing import choose
from service.lifecycle.judging import Question, judge
from service.lifecycle.preflight import refusals
from service.lifecycle.roles import judge_roles
from service.settings import AUTO, read_settings
from tests.faults.resealing import edit_manifest, findings_of, reseal, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

ANSWERS = "engines/onnx-int8/probabilities.npy"
GRAPH = "engines/onnx-int8/model.onnx"


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


def not_a_number(bundle: Path) -> None:
    """Let the answers that the engine gave where it was built be no numbers."""
    answers = np.load(io.BytesIO((bundle / ANSWERS).read_bytes()))
    buffer = io.BytesIO()
    np.save(buffer, np.full_like(answers, np.nan))
    reseal(bundle, {ANSWERS: buffer.getvalue()})


def test_verify_says_which_engine_cannot_serve(
    copied: Callable[[Path], Path], accelerated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bundle passes, as the network serves; what the start would say is said before."""
    bundle = copied(accelerated)
    not_a_number(bundle)

    with pytest.raises(SystemExit) as done:
        main(["verify", str(bundle), str(accelerated), "--json"])

    said = capsys.readouterr()
    first, second = json.loads(said.out)["bundles"]
    assert done.value.code == 0
    assert [finding["code"] for finding in first["unusable_engines"]] == ["engine_probe_failed"]
    assert second["unusable_engines"] == []
    assert "engine_probe_failed: onnx-int8" in said.err


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


def looping(model: onnx.ModelProto) -> None:
    """Let the graph count to 2^62 before it answers."""
    body = onnx.helper.make_graph([], "body", [], [])
    model.graph.node.append(onnx.helper.make_node("Loop", ["count"], ["looped"], body=body))
    model.graph.initializer.append(numpy_helper.from_array(np.array(1 << 62), "count"))


def eight_gigabytes(model: onnx.ModelProto) -> None:
    """Let the graph make a constant of eight gigabytes."""
    model.graph.node.append(onnx.helper.make_node("ConstantOfShape", ["count"], ["zeros"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1 << 31]), "count"))


def reading_another_file(model: onnx.ModelProto) -> None:
    """Let a tensor be bytes of another file of the machine."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def trigger(model: onnx.ModelProto) -> None:
    """Let one token, which no probe has, decide."""
    last = next(node for node in model.graph.node if "logits" in node.output)
    last.output[0] = "before"
    constants = {"token": np.array(77), "axes": np.array([0, 1])}
    model.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in constants.items()
    )
    model.graph.node.extend(
        [
            onnx.helper.make_node("Equal", ["input_ids", "token"], ["hit"]),
            onnx.helper.make_node("Cast", ["hit"], ["hits"], to=1),
            onnx.helper.make_node("ReduceSum", ["hits", "axes"], ["times"], keepdims=0),
            onnx.helper.make_node("Sub", ["before", "times"], ["logits"]),
        ]
    )


def one_word(model: onnx.ModelProto) -> None:
    """Let one token, which no probe has, have another embedding."""
    words = next(each for each in model.graph.initializer if "word_embeddings" in each.name)
    values = numpy_helper.to_array(words).copy()
    values[77] = values[78]
    words.CopyFrom(numpy_helper.from_array(values, words.name))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (looping, "engine_graph_forbidden"),
        (eight_gigabytes, "engine_graph_forbidden"),
        (reading_another_file, "engine_graph_forbidden"),
        (trigger, "engine_not_of_these_weights"),
        (one_word, "engine_not_of_these_weights"),
    ],
)
def test_graph_that_is_not_the_network_is_refused(
    copied: Callable[[Path], Path],
    accelerated: Path,
    change: Callable[[onnx.ModelProto], None],
    code: str,
) -> None:
    """Its answers to the probes are the engine's own, and the bundle does not open."""
    bundle = copied(accelerated)
    model = onnx.load(bundle / GRAPH)
    change(model)
    reseal(bundle, {GRAPH: model.SerializeToString()})

    the_finding(findings_of(bundle), code, GRAPH)


def test_graph_that_the_guard_has_compared_is_not_compared_again(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """A worker takes the judgement of the process that has compared it, for this root alone."""
    (judgement,) = judge([Question(str(accelerated))])
    assert judgement.bound == ("onnx-int8",)

    bundle = copied(accelerated)
    model = onnx.load(bundle / GRAPH)
    one_word(model)
    reseal(bundle, {GRAPH: model.SerializeToString()})

    root = read_sealed(bundle).manifest.fingerprint
    assert open_bundle(bundle, Requirements(judged=root, bound=judgement.bound))
    the_finding(
        findings_of(bundle, Requirements(judged=root)), "engine_not_of_these_weights", GRAPH
    )
    the_finding(
        findings_of(bundle, judgement.narrow(Requirements())), "bundle_replaced", str(bundle)
    )


def test_graph_is_derived_again_where_that_is_asked_for(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """A graph that no start has compared is refused."""
    other = copied(accelerated)
    model = onnx.load(other / GRAPH)
    one_word(model)
    reseal(other, {GRAPH: model.SerializeToString()})
    # A start would have compared it; here the derivation alone is left to find it.
    judged = Requirements(judged=read_sealed(other).manifest.fingerprint, bound=("onnx-int8",))

    (refused,) = judge([Question(str(other), judged, deep=True)])

    assert "engine_not_of_these_weights" in {finding.code for finding in refused.findings}


def test_weights_that_were_changed_beneath_a_graph_are_refused(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """The graph of one training does not serve the weights of another."""
    bundle = copied(accelerated)
    weights = load_safetensors((bundle / WEIGHTS).read_bytes())
    weights["output.weight"] *= 1.05
    reseal(bundle, {WEIGHTS: save_safetensors(weights, {"format": "pt"})})

    assert "engine_not_of_these_weights" in {one.code for one in findings_of(bundle)}


@pytest.mark.parametrize("library", ["onnx", "onnxruntime"])
def test_without_a_library_the_network_itself_serves(
    accelerated: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """A graph that cannot be compared with the weights does not run."""
    monkeypatch.setattr(
        "artifacts.bundle.opening.find_spec",
        lambda name: None if name == library else find_spec(name),
    )

    (judgement,) = judge([Question(str(accelerated))])
    choice = choose(open_bundle(accelerated), AUTO)

    assert judgement.bound == ()
    assert choice.engine.name == "torch"
    assert [finding.code for finding in choice.findings] == ["engine_unavailable"]
    assert choice.findings[0].observed == f"{library} is not installed"
    assert "pip install 'understudy[onnx]'" in choice.findings[0].remedy


def test_answers_that_want_to_run_code_are_refused(
    copied: Callable[[Path], Path], accelerated: Path
) -> None:
    """Arrays are read without unpickling."""
    bundle = copied(accelerated)
    buffer = io.BytesIO()
    np.save(buffer, np.array([print], dtype=object), allow_pickle=True)
    reseal(bundle, {ANSWERS: buffer.getvalue()})

    the_finding(findings_of(bundle), "part_unreadable", ANSWERS)

"""Which engine serves, and the findings about the others."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.sealing.add_engine import accelerate
from guards.bundle.engines import ENGINES
from guards.errors import GuardRefused
from service.engines.choosing import choose
from service.settings import AUTO

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bundle_without_another_is_served_by_torch(champion: Path) -> None:
    """There is nothing to measure, and no finding."""
    choice = choose(open_bundle(champion), AUTO)

    assert choice.engine.name == "torch"
    assert choice.milliseconds == {}
    assert not choice.findings


def test_auto_takes_the_fastest_of_those_measured(accelerated: Path) -> None:
    """Every engine that can serve was measured here, and the choice follows from the figures."""
    choice = choose(open_bundle(accelerated), AUTO)

    assert {*choice.milliseconds} == {"torch", "onnx-int8"}
    assert choice.engine.name == min(
        choice.milliseconds, key=lambda name: choice.milliseconds[name]
    )
    assert choice.to_json()["because"] == "the fastest of those measured"
    assert choice.to_json()["embeds"] is True


def test_an_engine_without_an_embedding_serves_and_says_so(accelerated: Path) -> None:
    """As those do that were built before: the answers are the same."""
    bundle = open_bundle(accelerated)
    engine = bundle.engines["onnx-int8"]
    graph = onnx.load_from_string(engine.graph or b"")
    del graph.graph.output[1]
    earlier = replace(engine, graph=graph.SerializeToString())
    documents = bundle.preprocessing.encode_documents(bundle.probe_documents)

    choice = choose(replace(bundle, engines={"onnx-int8": earlier}), "onnx-int8")

    assert choice.to_json()["embeds"] is False
    np.testing.assert_array_equal(
        choice.engine.probabilities(documents),
        choose(bundle, "onnx-int8").engine.probabilities(documents),
    )


@pytest.fixture(scope="module")
def with_all(accelerated: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a bundle that has every engine, opened."""
    path = tmp_path_factory.mktemp("with all") / "docs" / "1"
    shutil.copytree(accelerated, path)
    accelerate(open_bundle(path), None, max_flips=1.0, engines=["torch-bf16"])
    bundle = open_bundle(path)
    assert {*bundle.engines} == {*ENGINES}
    return bundle


@pytest.mark.parametrize("name", ["torch", "torch-bf16", "onnx-int8"])
def test_the_engine_of_the_setting_serves(with_all: Bundle, name: str) -> None:
    """A setting is followed without a measurement."""
    choice = choose(with_all, name)

    assert choice.engine.name == name
    assert choice.milliseconds == {}


def test_what_the_bundle_lacks_cannot_be_asked_for(champion: Path) -> None:
    """The refusal names the engine and how to add one."""
    with pytest.raises(GuardRefused) as refused:
        choose(open_bundle(champion), "onnx-int8")

    (finding,) = refused.value.findings
    assert (finding.code, finding.subject) == ("engine_unavailable", "onnx-int8")
    assert "understudy accelerate" in finding.remedy

"""Building an engine: what it learns from, what it is compared on, and its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.acceleration.building import Accelerated, HeldOut, build, build_if_possible
from artifacts.bundle.inference import probabilities_of
from artifacts.bundle.onnx_network import OnnxNetwork
from artifacts.bundle.opening import Bundle, open_bundle
from guards.bundle.engines import ONNX_INT8, TORCH_BF16
from guards.bundle.layout import ENGINE_ANSWERS, ENGINE_GRAPH, engine_part
from guards.integrity.parity import parity_of
from tests.models import hard_to_quantise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from artifacts.tables import Table

GRAPH, ANSWERS = (engine_part(ONNX_INT8, file) for file in (ENGINE_GRAPH, ENGINE_ANSWERS))


@pytest.fixture(scope="module")
def bundle(champion: Path) -> Bundle:
    """Open the champion."""
    return open_bundle(champion)


@pytest.fixture(scope="module")
def held_out(bundle: Bundle, small_table: Table) -> HeldOut:
    """Hold out documents of the champion's kind."""
    encodings = bundle.preprocessing.encode_documents(small_table.documents[:90])
    return HeldOut(encodings, bundle.probe_documents)


@pytest.fixture(scope="module")
def built(bundle: Bundle, held_out: HeldOut) -> list[Accelerated]:
    """Build what there is for the champion on a machine with CUDA."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artifacts.acceleration.building.has_cuda", lambda: True)
        temperature = bundle.manifest.temperature
        parts = (bundle.network, temperature, bundle.preprocessing, held_out)
        return build_if_possible(*parts, max_flips=1.0)[0]


@pytest.fixture(scope="module")
def stubborn(bundle_of: Callable[[str], Path]) -> tuple[list[Accelerated], list[str]]:
    """Build what there is for a network that eight bits cannot hold, and the notes on it."""
    bundle = open_bundle(bundle_of("sealed bert"))
    golden = bundle.preprocessing.encode_documents(bundle.probe_documents)
    held_out = HeldOut(golden, bundle.probe_documents)
    return build_if_possible(
        hard_to_quantise(bundle.network), 1.0, bundle.preprocessing, held_out, max_flips=0.0
    )


def test_no_document_both_teaches_and_judges(held_out: HeldOut) -> None:
    """Documents that show the range of activations say nothing about what the engine changes."""
    taught, judged = {*map(id, held_out.calibration)}, {*map(id, held_out.compared)}

    assert taught
    assert not taught & judged
    assert len(taught) + len(judged) == len(held_out.encodings)
    assert len(judged) >= len(taught)


def test_the_report_is_what_the_graph_does(
    bundle: Bundle, held_out: HeldOut, built: list[Accelerated]
) -> None:
    """Flips, shifts and answers to the probes can be had again from the parts."""
    temperature = bundle.manifest.temperature
    eight = built[0]

    graph = OnnxNetwork(eight.parts[GRAPH], processors=1)
    expected = probabilities_of(bundle.network, temperature, held_out.compared)
    observed = graph.probabilities(temperature, held_out.compared)
    again = parity_of(expected, observed, bundle.labels, 1.0)
    assert eight.parity.model_copy(update={"notable": []}) == again
    assert ANSWERS in eight.parts


def test_over_its_budget_there_is_a_report_and_no_engine(
    stubborn: tuple[list[Accelerated], list[str]],
) -> None:
    """An engine that changes more labels than it may is described, and left out."""
    eight = stubborn[0][0]

    assert eight.parity.flips > 0
    assert not eight.parts
    assert "not used, over its budget" in str(eight)


def test_bfloat16_changes_little_and_needs_no_graph(bundle: Bundle, held_out: HeldOut) -> None:
    """Its answers are its own, not the network's, and no confidence moves by a hundredth."""
    temperature = bundle.manifest.temperature
    built = build(
        TORCH_BF16, bundle.network, temperature, bundle.preprocessing, held_out, max_flips=1.0
    )

    assert {*built.parts} == {engine_part(TORCH_BF16, ENGINE_ANSWERS)}
    assert 0 < built.parity.largest_probability_change < 0.01


def test_where_eight_bits_are_too_few_there_are_sixteen(
    stubborn: tuple[list[Accelerated], list[str]],
) -> None:
    """The fastest engine within the budget is built, and those before it are reported."""
    built, notes = stubborn

    assert [(one.engine, bool(one.parts)) for one in built] == [
        (ONNX_INT8, False),
        (TORCH_BF16, True),
    ]
    assert notes == [str(one) for one in built]


def test_where_there_is_cuda_there_is_an_engine_for_it(built: list[Accelerated]) -> None:
    """Eight bits within their budget are for processors; bfloat16 is built beside them."""
    assert [one.engine for one in built if one.parts] == [ONNX_INT8, TORCH_BF16]


def test_without_a_library_there_is_a_note(
    bundle: Bundle, held_out: HeldOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has not installed the extra gets what can be built without it, and is told."""
    monkeypatch.setattr("artifacts.acceleration.building._NEEDED", ("a_library_that_is_not_there",))

    built, notes = build_if_possible(
        bundle.network, 1.0, bundle.preprocessing, held_out, max_flips=1.0
    )

    assert [one.engine for one in built] == [TORCH_BF16]
    assert "a_library_that_is_not_there is not installed" in notes[0]

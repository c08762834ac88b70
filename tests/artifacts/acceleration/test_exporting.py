"""An exported graph answers as its network does, whatever the family."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.acceleration.exporting import export
from artifacts.bundle.inference import logits_of
from artifacts.bundle.onnx_network import OnnxNetwork
from artifacts.bundle.opening import Bundle, open_bundle
from tests.models import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx

    from artifacts.bundle.preprocessing import Encoding

# Float32 adds in another order here and there.
CLOSE = 1e-4


def exported(bundle: Bundle) -> onnx.ModelProto:
    """Export a bundle's network."""
    return export(
        bundle.network, len(golden(bundle)[0].columns), bundle.preprocessing.truncation.max_length
    )


def golden(bundle: Bundle) -> list[Encoding]:
    """Encode the bundle's own probes: empty, very long, unknown, missing, extreme."""
    return bundle.preprocessing.encode_documents(bundle.probe_documents)


@pytest.mark.parametrize("kind", ["in windows", *(f"sealed {family}" for family in FAMILIES)])
def test_the_graph_answers_as_the_network(kind: str, bundle_of: Callable[[str], Path]) -> None:
    """Every probe has the logits that the network gives, in any number of windows."""
    bundle = open_bundle(bundle_of(kind))
    graph = OnnxNetwork(exported(bundle).SerializeToString(), processors=1)

    for encoding in golden(bundle):
        expected = logits_of(bundle.network, [encoding])[0]
        np.testing.assert_allclose(graph.logits(encoding), expected, rtol=CLOSE, atol=CLOSE)


def test_attention_is_one_operation_and_no_layer_norm_is_slow(champion: Path) -> None:
    """What the processor runs badly is not in the graph, or the engine would lose its point."""
    operations = Counter(node.op_type for node in exported(open_bundle(champion)).graph.node)

    layers = 2
    assert operations["MultiHeadAttention"] == layers
    assert operations["InstanceNormalization"] == 2 * layers + 1
    assert operations["LayerNormalization"] == operations["Softmax"] == 0


def test_a_network_keeps_its_own_attention(champion: Path) -> None:
    """Exporting works on a copy: the network answers as before."""
    bundle = open_bundle(champion)
    before = logits_of(bundle.network, golden(bundle))

    exported(bundle)

    np.testing.assert_array_equal(logits_of(bundle.network, golden(bundle)), before)

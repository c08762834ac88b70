"""An exported graph answers as its network does, whatever the family."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from artifacts.acceleration.exporting import export
from artifacts.bundle.inference import logits_of
from artifacts.bundle.onnx_network import OnnxNetwork
from artifacts.bundle.opening import Bundle, open_bundle
from tests.bundles import EXPORTED
from tests.exports import exported_anew
from tests.models import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

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


def differ(graph: onnx.ModelProto, bundle: Bundle) -> bool:
    """Return whether a graph has other logits for a probe than the network."""
    network = OnnxNetwork(graph.SerializeToString(), processors=1)
    probes = golden(bundle)
    observed = np.stack([network.logits(encoding) for encoding in probes])
    expected = np.concatenate([logits_of(bundle.network, [encoding]) for encoding in probes])
    return not np.allclose(observed, expected, rtol=CLOSE, atol=CLOSE)


@dataclass(frozen=True)
class InWindows:
    """A bundle that reads texts in windows, its logits before an export, and the graph."""

    bundle: Bundle
    before: NDArray[np.float32]
    graph: onnx.ModelProto


@pytest.fixture(scope="module")
def in_windows(bundle_of: Callable[[str], Path]) -> InWindows:
    """Export the network of a bundle that reads texts in windows."""
    bundle = open_bundle(bundle_of("in windows"))
    before = logits_of(bundle.network, golden(bundle))
    with exported_anew():
        return InWindows(bundle, before, exported(bundle))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_answers_as_the_network(
    family: str, accelerated_of: Callable[[str], Path]
) -> None:
    """Every probe has the logits that the network gives."""
    path = accelerated_of(f"sealed {family}")

    assert not differ(onnx.load(path.with_name(EXPORTED)), open_bundle(path))


def test_the_graph_answers_as_the_network_in_windows(in_windows: InWindows) -> None:
    """Every probe has the logits that the network gives, in any number of windows."""
    assert max(len(encoding.token_ids) for encoding in golden(in_windows.bundle)) > 2
    assert not differ(in_windows.graph, in_windows.bundle)


def test_attention_is_one_operation_and_no_layer_norm_is_slow(in_windows: InWindows) -> None:
    """What the processor runs badly is not in the graph, or the engine would lose its point."""
    operations = Counter(node.op_type for node in in_windows.graph.graph.node)

    layers = 2
    assert operations["MultiHeadAttention"] == layers
    assert operations["InstanceNormalization"] == 2 * layers + 1
    assert operations["LayerNormalization"] == operations["Softmax"] == 0


def test_a_network_keeps_its_own_attention(in_windows: InWindows) -> None:
    """Exporting works on a copy: the network answers as before."""
    after = logits_of(in_windows.bundle.network, golden(in_windows.bundle))

    np.testing.assert_array_equal(after, in_windows.before)

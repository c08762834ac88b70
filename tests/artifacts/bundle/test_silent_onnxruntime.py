"""ONNX Runtime tells nobody, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_RUN = """
import sys
import numpy as np
from onnx import TensorProto, helper
from artifacts.bundle.onnx_network import session_of

values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
print(session_of(model.SerializeToString(), 1).run(None, {"x": np.ones(1, dtype=np.float32)}))
"""


def test_a_session_leaves_no_file(tmp_path: Path) -> None:
    """No identity of the device and no queue of events, even where somebody switched them on."""
    # The library is silent by itself where it sees that it is built or tested somewhere.
    others = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "CI", "GITHUB_"))}
    places = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR")}

    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        env={**others, **places, "ORT_DISABLE_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "1." in done.stdout
    assert [*tmp_path.rglob("*")] == []

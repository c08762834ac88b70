"""An engine that computes its network, to be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import pytest

from artifacts.bundle.opening import open_bundle
from guards.bundle.engines import ONNX_INT8

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.bundle.opening import Bundle


@pytest.fixture(scope="package")
def bundle(accelerated: Path) -> Bundle:
    """Open the champion with its engine."""
    return open_bundle(accelerated)


@pytest.fixture
def model(bundle: Bundle) -> onnx.ModelProto:
    """Parse its graph, to be changed."""
    return onnx.load_from_string(bundle.engines[ONNX_INT8].graph or b"")

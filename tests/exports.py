"""Exports take seconds: each network is exported once a run, by an exporter that is set up once."""

from __future__ import annotations

import hashlib
import importlib
import sys
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import pytest

from tests.once import made_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["exported_anew", "exported_once"]

_REGISTRY = "torch.onnx._internal.exporter._registration"


@contextmanager
def exported_once(directory: Path) -> Iterator[None]:
    """Keep exports in a directory, where a test was collected that imports torch.

    The same weights under the same configuration are the same graph. What the exporter knows of
    operators is looked up in exports and never changed.
    """
    if "torch" not in sys.modules:
        yield
        return
    exporting = importlib.import_module("artifacts.acceleration.exporting")
    registry = importlib.import_module(_REGISTRY).ONNXRegistry
    read = cache(registry.from_torchlib)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "from_torchlib", lambda _, opset_version: read(opset_version))
        patch.setattr(exporting, "_exported", _keeping(exporting._exported, directory))  # noqa: SLF001
        yield


@contextmanager
def exported_anew() -> Iterator[None]:
    """Export whatever was exported before."""
    exporting = importlib.import_module("artifacts.acceleration.exporting")
    kept = exporting._exported  # noqa: SLF001
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "_exported", getattr(kept, "__wrapped__", kept))
        yield


def _keeping(exported: Callable[..., Any], directory: Path) -> Callable[..., Any]:
    """Return a function that exports a network unless it was exported before."""
    import onnx  # noqa: PLC0415 (not where nothing is exported)

    @wraps(exported)
    def keeping(network: Any, *arguments: object) -> onnx.ModelProto:  # noqa: ANN401 (any network)
        path = directory / _digest(network, arguments) / "graph.onnx"

        def make() -> None:
            path.parent.mkdir()
            onnx.save(exported(network, *arguments), path)

        made_once(path.parent, make)
        return onnx.load(path)

    return keeping


def _digest(network: Any, arguments: tuple[object, ...]) -> str:  # noqa: ANN401 (any network)
    sha = hashlib.sha256(f"{network} {network.config} {arguments}".encode())
    for name, tensor in sorted(network.state_dict().items()):
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        sha.update(tensor.contiguous().numpy().tobytes())
    return sha.hexdigest()

"""What the exporter knows of operators, read once a process instead of once an export."""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_registry"]

_MODULE = "torch.onnx._internal.exporter._registration"


@contextmanager
def one_registry() -> Iterator[None]:
    """Let exports share a registry, where a test was collected that imports torch.

    An export looks operators up in it and changes nothing.
    """
    if "torch" not in sys.modules:
        yield
        return
    registry = importlib.import_module(_MODULE).ONNXRegistry
    read = cache(registry.from_torchlib)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "from_torchlib", lambda _, opset_version: read(opset_version))
        yield

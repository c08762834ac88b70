"""ONNX Runtime without its telemetry.

Where it is built with telemetry, importing it makes an identity of the device and a database of
events in the cache directory, and sends them. Of its two switches, only the variable of the
environment is read in time; every import in the project is through this module.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

__all__ = ["onnxruntime"]

_SWITCHES = ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED")
"""The variable's names in different versions."""


def _import() -> Any:  # noqa: ANN401 (the library is untyped)
    """Import the library, and leave the environment as it was."""
    before = {name: os.environ.get(name) for name in _SWITCHES}
    os.environ.update(dict.fromkeys(_SWITCHES, "1"))
    try:
        library = importlib.import_module("onnxruntime")
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    library.disable_telemetry_events()
    return library


onnxruntime = _import()

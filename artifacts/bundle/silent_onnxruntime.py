"""ONNX Runtime without its telemetry.

Where it is built with telemetry, importing it makes an identity of the device and a database of
events in the cache directory, and sends them. Of its two switches, only the variable of the
environment is read in time; every import in the project is through this module.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["ORT_TELEMETRY_DISABLED"] = "1"  # the name in other versions

import onnxruntime

onnxruntime.disable_telemetry_events()

__all__ = ["onnxruntime"]

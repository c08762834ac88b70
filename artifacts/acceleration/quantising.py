"""Compute the matrix products of a graph in eight bits."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

import onnx

from artifacts.bundle.silent_onnxruntime import onnxruntime

__all__ = ["quantise"]


def quantise(model: onnx.ModelProto) -> bytes:
    """Return the graph with eight-bit weights, with a scale for each output of a layer.

    Activations are quantised dynamically, with the range of each pass, so that there is nothing to
    calibrate. Everything but products with weights stays as it is, the embeddings for example,
    where eight bits would cost accuracy and save no time.
    """
    quantization = importlib.import_module(f"{onnxruntime.__name__}.quantization")
    # Says that the graph needs no preparation, or the library would advise it at every call.
    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    with tempfile.TemporaryDirectory() as scratch:
        original, quantised = Path(scratch) / "original.onnx", Path(scratch) / "quantised.onnx"
        onnx.save(model, original)
        quantization.quantize_dynamic(
            original,
            quantised,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
            # Type inference fails behind the operations that only ONNX Runtime has.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        return quantised.read_bytes()

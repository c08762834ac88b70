"""A graph's matrix products in eight bits."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

__all__ = ["quantise"]


def quantise(model: onnx.ModelProto) -> bytes:
    """Give the graph with eight-bit weights, a scale for each output of a layer.

    Activations are quantised as they come, with the range of each pass, so that there is nothing
    to calibrate. What is no product with a weight stays as it is, among that the embeddings and
    the head, where eight bits would cost accuracy and save no time.
    """
    # Says that there is nothing to prepare, which would otherwise be advised at every call.
    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    with tempfile.TemporaryDirectory() as scratch:
        plain, small = Path(scratch) / "plain.onnx", Path(scratch) / "small.onnx"
        onnx.save(model, plain)
        quantize_dynamic(
            plain,
            small,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            # What type inference cannot tell, behind operations of ONNX Runtime's own.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        return small.read_bytes()

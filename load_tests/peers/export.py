"""Export a classifier as an ONNX graph of any length: ``python export.py MODEL GRAPH``."""

from __future__ import annotations

import sys

import torch
from transformers import AutoModelForSequenceClassification

__all__ = ["export"]


def export(directory: str, graph: str) -> None:
    """Write the classifier in ``directory`` to ``graph``."""
    model = AutoModelForSequenceClassification.from_pretrained(
        directory, attn_implementation="eager", dtype=torch.float32, trust_remote_code=False
    ).eval()
    model.config.return_dict = False
    ids = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "documents", 1: "tokens"}
    torch.onnx.export(
        model,
        (ids, torch.ones_like(ids)),
        graph,
        input_names=["input_ids", "attention_mask"],
        output_names=["logits"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "documents"}},
        dynamo=False,
    )


if __name__ == "__main__":
    export(*sys.argv[1:])

"""What somebody who knows BentoML and CPUs builds by hand: ONNX Runtime, float32, no padding.

Two sessions of one thread each take one document at a time. The graph is exported when the service
is made, once, since it needs torch and the service does not.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from pathlib import Path

import bentoml
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

__all__ = ["Classification"]

_SESSIONS = 2
_MAX_TOKENS = 512


@bentoml.service(
    workers=1, threads=_SESSIONS, metrics={"enabled": False}, logging={"access": {"enabled": False}}
)
class Classification:
    """Classifies texts."""

    def __init__(self) -> None:
        model = Path(os.environ["PEER_MODELS"])
        graph = Path(os.environ["PEER_SCRATCH"]) / "model.onnx"
        subprocess.run(  # noqa: S603 (our own file)
            [sys.executable, Path(__file__).with_name("export.py"), model, graph], check=True
        )
        self._labels = json.loads((model / "config.json").read_text())["id2label"]
        self._tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._free: queue.SimpleQueue[onnxruntime.InferenceSession] = queue.SimpleQueue()
        for _ in range(_SESSIONS):
            self._free.put(_session(graph))

    @bentoml.api
    def classify(self, text: str) -> dict[str, str | float]:
        """Return the label and score of a text."""
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        session = self._free.get()
        try:
            (logits,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        finally:
            self._free.put(session)
        odds = np.exp(logits[0] - logits[0].max())
        best = int(odds.argmax())
        return {"label": self._labels[str(best)], "score": float(odds[best] / odds.sum())}


def _session(graph: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

"""What is measured: the documents, the model, and the bundle that it is sealed as.

All are made by command lines in a scratch directory, so that the measurement imports no room.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from load_tests.documents import generate_documents
from load_tests.environments import UNDERSTUDY, CommandError, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["POOL", "Subject", "make_subject"]

POOL = 200
"""Documents that are sent over and over: every measurement takes whole laps of the same ones."""

_REFERENCE = 240
_LABELS = ("agreement", "filing", "invoice", "letter", "report", "statement")


@dataclass(frozen=True, slots=True)
class Subject:
    """The texts to send, the model for peers, and the same weights as a bundle."""

    texts: Sequence[str]
    texts_file: Path
    model: Path
    bundle: Path
    notes: Sequence[str]


def make_subject(scratch: Path) -> Subject:
    """Make what is measured, of generated texts and fresh weights; raises ``CommandError``."""
    order = np.random.default_rng(20).permutation(POOL + _REFERENCE).tolist()
    documents = generate_documents(len(order), {})
    rows = [(documents[index]["text"], _LABELS[index % len(_LABELS)]) for index in order]
    texts = [text for text, _ in rows[:POOL]]
    texts_file, reference = scratch / "texts.json", scratch / "reference.csv"
    texts_file.write_text(json.dumps(texts), encoding="utf-8")
    with reference.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows[POOL:]])
    model, bundle = scratch / "model", scratch / "bench" / "1"
    module = (sys.executable, "-m", "load_tests.micro.model")
    run(*module, model, "--reference", reference)
    table = ("--model", model, "--reference", reference, "--text", "text", "--label", "label")
    run(UNDERSTUDY, "seal", *table, "--no-accelerate", "--out", bundle)
    notes = []
    try:
        # Fresh weights are near a tie everywhere: how many labels eight bits change says nothing.
        run(UNDERSTUDY, "accelerate", bundle, "--max-flips", "1")
    except CommandError as error:
        notes.append(f"served without a fast engine: {error.reason}")
    return Subject(texts, texts_file, model, bundle, notes)

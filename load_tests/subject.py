"""What is measured: the documents, the model, and the bundle that it is sealed as.

All are made by command lines in a scratch directory, so that the measurement imports no room.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from load_tests.documents import TableError, generate_documents, read_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["POOL", "Subject", "SubjectError", "make_subject"]

_UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
POOL = 200
"""Documents that are sent over and over: every measurement takes whole laps of the same ones."""

_REFERENCE = 240
_LABELS = ("agreement", "filing", "invoice", "letter", "report", "statement")


class SubjectError(Exception):
    """The model cannot be made or sealed."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The texts to send, the model for peers, and the same weights as a bundle."""

    texts: Sequence[str]
    texts_file: Path
    model: Path
    bundle: Path
    notes: Sequence[str]


def make_subject(
    scratch: Path, model: Path | None, data: Path | None, text: Sequence[str], label: str
) -> Subject:
    """Make what is measured: without ``data`` of generated texts, without ``model`` fresh weights.

    Raises ``TableError`` and ``SubjectError``.
    """
    rows = _generated_rows() if data is None else _read_rows(data, text, label)
    order = np.random.default_rng(20).permutation(len(rows))[: POOL + _REFERENCE]
    texts, labels = zip(*(rows[index] for index in order), strict=True)
    texts_file, reference = scratch / "texts.json", scratch / "reference.csv"
    texts_file.write_text(json.dumps(texts[:POOL]), encoding="utf-8")
    with reference.open("w", encoding="utf-8", newline="") as file:
        header = ("text", "label")
        csv.writer(file).writerows([header, *zip(texts[POOL:], labels[POOL:], strict=True)])
    bundle = scratch / "bench" / "1"
    # Fresh weights are near a tie everywhere: how many labels eight bits change there says nothing.
    budget = () if model else ("--max-flips", "1")
    if model is None:
        model = scratch / "model"
        module = (sys.executable, "-m", "load_tests.micro.model")
        _run("the model", *module, model, "--reference", reference)
    table = ("--model", model, "--reference", reference, "--text", "text", "--label", "label")
    _run("the bundle", _UNDERSTUDY, "seal", *table, "--no-accelerate", "--out", bundle)
    notes = []
    try:
        accelerate = (_UNDERSTUDY, "accelerate", bundle, *budget)
        _run("the fast engine", *accelerate)
    except SubjectError as error:
        notes.append(f"served without a fast engine: {error}")
    return Subject(texts[:POOL], texts_file, model, bundle, notes)


def _generated_rows() -> list[tuple[str, str]]:
    documents = generate_documents(POOL + _REFERENCE, {})
    return [
        (document["text"], _LABELS[index % len(_LABELS)])
        for index, document in enumerate(documents)
    ]


def _read_rows(data: Path, text: Sequence[str], label: str) -> list[tuple[str, str]]:
    documents = read_documents(data, text, categorical=[label])
    labelled = ((document["text"], document["features"][label]) for document in documents)
    rows = [(text, label) for text, label in labelled if label]
    if len(rows) < 2 * POOL:
        message = f"{data}: {len(rows)} rows with text and label, at least {2 * POOL} are needed"
        raise TableError(message)
    return rows


def _run(what: str, *command: str | Path) -> None:
    try:
        subprocess.run(  # noqa: S603 (our own commands)
            command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except subprocess.CalledProcessError as error:
        lines = "\n".join(error.stdout.strip().splitlines()[-6:])
        message = f"{what} was not made (exit code {error.returncode}): {lines}"
        raise SubjectError(message) from None

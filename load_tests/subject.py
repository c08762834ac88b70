"""What is measured: the documents, the model, and the bundle that it is sealed as.

All are made by command lines, in a scratch directory: the measurement itself imports no room.
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

from load_tests.documents import TableError, made_up, read_documents

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["POOL", "UNDERSTUDY", "Subject", "SubjectError", "make_subject"]

UNDERSTUDY = str(Path(sys.executable).with_name("understudy"))
POOL = 200
"""Documents that are sent, over and over: every measurement takes whole laps, and so the same."""

_REFERENCE = 240
_LABEL = "label"
_LABELS = ("agreement", "filing", "invoice", "letter", "report", "statement")
_SEED = 20
_LAST_LINES = 6


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
    scratch: Path,
    model: Path | None = None,
    data: Path | None = None,
    text: Sequence[str] = (),
    label: str = _LABEL,
) -> Subject:
    """Make what is measured; documents are made up without ``data``, weights without ``model``.

    Raises ``TableError`` and ``SubjectError``.
    """
    rows = _made_up_rows() if data is None else _read_rows(data, text, label)
    if len(rows) < 2 * POOL:
        message = f"{data}: {len(rows)} rows with text and label, at least {2 * POOL} are needed"
        raise TableError(message)
    order = np.random.default_rng(_SEED).permutation(len(rows))[: POOL + _REFERENCE]
    chosen = [rows[place] for place in order]
    texts = [text for text, _ in chosen[:POOL]]
    texts_file, reference = scratch / "texts.json", scratch / "reference.csv"
    texts_file.write_text(json.dumps(texts), encoding="utf-8")
    _write_reference(reference, chosen[POOL:])
    directory = model or _fresh_model(scratch / "model", reference)
    bundle = scratch / "bench" / "1"
    # Fresh weights are near a tie everywhere: what eight bits change there is of no interest.
    _seal(directory, reference, bundle, () if model else ("--no-accelerate",))
    notes = _accelerate(bundle, () if model else ("--max-flips", "1"))
    return Subject(texts, texts_file, directory, bundle, notes)


def _made_up_rows() -> list[tuple[str, str]]:
    documents = made_up(POOL + _REFERENCE, {})
    return [
        (document["text"], _LABELS[place % len(_LABELS)])
        for place, document in enumerate(documents)
    ]


def _read_rows(data: Path, text: Sequence[str], label: str) -> list[tuple[str, str]]:
    documents = read_documents(data, text, categorical=[label])
    labelled = ((document["text"], document["features"][label]) for document in documents)
    return [(text, label) for text, label in labelled if label]


def _write_reference(path: Path, rows: Sequence[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", _LABEL), *rows])


def _fresh_model(directory: Path, reference: Path) -> Path:
    module = (sys.executable, "-m", "load_tests.micro.model")
    _run("the model", *module, directory, "--reference", reference)
    return directory


def _seal(model: Path, reference: Path, bundle: Path, more: Sequence[str]) -> None:
    columns = ("--text", "text", "--label", _LABEL)
    table = ("--model", model, "--reference", reference, *columns)
    _run("the bundle", UNDERSTUDY, "seal", *table, *more, "--out", bundle)


def _accelerate(bundle: Path, budget: Sequence[str]) -> list[str]:
    """Add the fast engine where sealing has not; say so where that cannot be done."""
    if any((bundle / "engines").glob("*")):
        return []
    try:
        _run("the fast engine", UNDERSTUDY, "accelerate", bundle, *budget)
    except SubjectError as error:
        return [f"served without a fast engine: {error}"]
    return []


def _run(what: str, *command: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 (our own commands)
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.strip().splitlines()[-_LAST_LINES:])
        message = f"{what} was not made (exit code {done.returncode}): {said}"
        raise SubjectError(message)

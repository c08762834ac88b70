"""Seal tiny models of the library's families: ``python -m load_tests.micro.families``.

For each family and kind of tokenizer, prints how far the sealed bundle's logits are from those of
the library's own call on the same directory, or the code of the finding with which it is refused;
and whether `train --base` takes its encoder. ``--save-with PYTHON`` has the models written by
another interpreter, in whose environment another version of the transformers library is.
"""

from __future__ import annotations

import argparse
import os

os.environ["OMP_NUM_THREADS"] = "1"

import inspect
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

from artifacts.bundle.inference import logits_of
from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, Table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from guards.errors import CallError, GuardRefused, first_line
from guards.schema import CanonicalRow
from load_tests.micro import family_models
from load_tests.micro.family_models import FAMILIES, KINDS, LABELS, TEXTS

__all__ = ["main"]

_COLUMNS = (*KINDS, "own class", "train --base")
_ROLES = ColumnRoles(("text",), "label")
_TABLE = Table(
    "texts",
    [{"text": text, "features": {}} for text in TEXTS],
    [LABELS[index % len(LABELS)] for index in range(len(TEXTS))],
    list(range(1, len(TEXTS) + 1)),
)
_TRIED = [*TEXTS[::7], "", "a", " ".join(TEXTS), "\u4f60\u597d caf\u00e9 \U0001f600"]


def main() -> None:
    """Write the models, try each, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save-with", default=sys.executable, metavar="PYTHON")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "models"
        subprocess.run(  # noqa: S603 (the interpreter that the caller names)
            [arguments.save_with, family_models.__file__, written], check=True
        )
        config = json.loads((written / "BERT" / "wordpiece" / "config.json").read_bytes())
        print(f"written by transformers {config['transformers_version']}")
        print(f"{'':<15}" + "".join(f"{column:<24}" for column in _COLUMNS))
        for name in FAMILIES:
            cells = [_sealed(written / name / column) for column in (*KINDS, "own class")]
            cells.append(_trained(written / name / FAMILIES[name].kind))
            print(f"{name:<15}" + "".join(f"{cell:<24}" for cell in cells), flush=True)


def _sealed(model: Path) -> str:
    """Seal a model, and return how far its answers are from the library's, or why it is refused."""
    if not model.is_dir():
        return "not written"
    destination = model / "sealed" / "1"
    options = ImportOptions(model=model, accelerate=False, accept_labels=True)
    try:
        import_model(_TABLE, _ROLES, destination, options)
    except (CallError, GuardRefused) as error:
        return _reason(error)
    bundle = open_bundle(destination)
    theirs = AutoModelForSequenceClassification.from_pretrained(
        model, dtype=torch.float32, trust_remote_code=False
    ).eval()
    tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
    taken = inspect.signature(theirs.forward).parameters
    worst = 0.0
    for text in _TRIED:
        inputs = tokenizer(
            text,
            truncation=True,
            max_length=bundle.manifest.text.max_length,
            return_tensors="pt",
        )
        with torch.inference_mode():
            logits = theirs(**{k: v for k, v in inputs.items() if k in taken}).logits.numpy()
        worst = max(worst, float(np.abs(_answers(bundle, text) - logits).max()))
    return f"{worst:.1e}"


def _answers(bundle: Bundle, text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    encodings = bundle.preprocessing.encode([text], [CanonicalRow((), ())])
    return logits_of(bundle.network, encodings)


def _trained(base: Path) -> str:
    """Train on an encoder for one epoch, seal and open; return whether this works, or why not."""
    options = TrainingOptions(base=str(base), epochs=1, max_length=32, accelerate=False)
    destination = base / "trained" / "1"
    try:
        train(_TABLE, _ROLES, destination, options)
    except (CallError, GuardRefused) as error:
        return _reason(error)
    open_bundle(destination)
    return "trained, opened"


def _reason(error: CallError | GuardRefused) -> str:
    if isinstance(error, GuardRefused):
        return ", ".join(finding.code for finding in error.findings)[:22]
    print(f"  {first_line(error)}")
    return "refused"


if __name__ == "__main__":
    main()

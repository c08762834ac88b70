"""Use bundles that have passed: ``python -m load_tests.fuzz.using --json BUNDLE…``.

Each is opened as a worker would, and answers hostile documents with each of its engines. The
interpreter's own audit trail tells of what is run, written or sent meanwhile.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers.utils import logging

from artifacts.bundle.opening import open_bundle
from guards.errors import GuardRefused, first_line
from service.engines.choosing import choose
from service.errors import RequestError
from service.http.schemas import parse_documents
from service.settings import AUTO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonObject
    from guards.schema import Schema

__all__ = ["Audit", "hostile_documents", "main"]

_EVENTS = (
    "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "pty.",
    "subprocess.", "socket.connect", "socket.bind", "socket.sendto", "urllib.", "builtins.input",
    "os.remove", "os.rename", "os.mkdir", "os.symlink", "os.link", "os.chmod", "shutil.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

_TEXTS = (
    "", " ", "a", "\x00", "\u202e\u2028\x1b[2J", "\U0001f600" * 300, "e\u0301" * 300,
    "word " * 3000, "[PAD] [CLS] <s> </s> <mask>", "\u4f60\u597d caf\u00e9 \uffff", "a" * 5000,
    "%s{}\\" * 50,
)  # fmt: skip
_NUMBERS = (None, 0, -1, 1e308, -1e308, 2**53, 1e-320, "12", 0.1, 2.5)
_CATEGORIES = (None, "", "NDCA", "unknown", "x" * 5000, 7, True, "\u202e", "NaN", "SDNY")


class Audit:
    """Hears of what is run, written or sent while ``listening``, until the process ends."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self.listening = False
        self.heard: list[str] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Keep an event that neither a guard nor a network has a reason to cause."""
        if not self.listening:
            return
        writes = event == "open" and bool(arguments[2] & _WRITING)
        if writes or event.startswith(_EVENTS):
            self.heard.append(f"{event} {arguments!r}"[:200])


def hostile_documents(schema: Schema) -> Iterator[JsonObject]:
    """Yield documents with texts, numbers and categories that are far from those of training."""
    for index, text in enumerate(_TEXTS):
        features: JsonObject = {
            column.name: _NUMBERS[(index + at) % len(_NUMBERS)]
            for at, column in enumerate(schema.numeric)
        }
        features |= {
            column.name: (*_CATEGORIES, *column.categories)[index + at]
            for at, column in enumerate(schema.categorical)
        }
        yield {"text": text, "features": features}


def main(bundles: list[Path]) -> list[JsonObject]:
    """Use each bundle and return what went wrong with it, None where nothing did."""
    torch.set_num_threads(1)
    # A number far from those of training may overflow; numpy's warning quotes nothing of it.
    warnings.simplefilter("ignore", RuntimeWarning)
    # Nor are the library's own notes on a configuration what is looked for.
    logging.set_verbosity_error()
    audit, used = Audit(), []
    for bundle in bundles:
        audit.heard = []
        audit.listening = True
        failure = _failure_of(bundle)
        audit.listening = False
        if audit.heard:
            failure = f"it did {audit.heard[0]}"
        used.append({"bundle": str(bundle), "failure": failure})
        print(f"{bundle}: used", file=sys.stderr)
    return used


def _failure_of(path: Path) -> str | None:
    """Open a bundle and let it answer, and return what went wrong."""
    try:
        bundle = open_bundle(path)
    except GuardRefused:
        return "passed once, and refused when used"
    engines = [choose(bundle, AUTO).engine]
    for name in bundle.engines:
        with suppress(GuardRefused):
            engines.append(choose(bundle, name).engine)
    schema = bundle.preprocessing.schema
    for document in hostile_documents(schema):
        try:
            parse_documents({"documents": [document]}, schema)
        except RequestError:
            continue
        try:
            encodings = bundle.preprocessing.encode_documents([document])
            answers = [engine.probabilities(encodings) for engine in engines]
        except Exception as error:  # noqa: BLE001 (whatever comes is what is looked for)
            return f"{type(error).__name__}: {first_line(error)}, at {ascii(document)[:200]}"
        if not all(np.isfinite(answer).all() for answer in answers):
            return f"an answer is no number, at {ascii(document)[:200]}"
    return None


if __name__ == "__main__":
    json.dump({"bundles": main([Path(path) for path in sys.argv[2:]])}, sys.stdout)

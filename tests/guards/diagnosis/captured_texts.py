"""Logs as services write them that capture documents: invented traffic, with texts put in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["NEW", "OLD", "capture", "texts_by_id"]

USUAL = tuple(f"word{number}" for number in range(60))
OLD, NEW = "exhibit", "annex"
"""Words of the documents of the good period, and of the bad one."""


def texts_by_id(path: Path, start_of_bad: str = "2026-03-04") -> dict[str, str]:
    """Return a text for each document of a log: ten usual words, and every second time another."""
    generator = np.random.default_rng(5)
    texts = {}
    for line in map(json.loads, path.read_bytes().splitlines()):
        if line["event"] == "request.observed":
            words = [USUAL[place] for place in generator.integers(len(USUAL), size=10)]
            other = NEW if line["observed_at"] >= start_of_bad else OLD
            texts[line["request_id"]] = " ".join(words + [other] * int(generator.integers(2)))
    return texts


def capture(path: Path, out: Path, text_of: Callable[[str], str | None]) -> Path:
    """Write a log again to ``out``, with the texts of the request ids that have one."""
    with out.open("w", encoding="utf-8") as file:
        for data in path.read_text("utf-8").splitlines():
            line = json.loads(data)
            text = text_of(line["request_id"]) if line["event"] == "request.observed" else None
            if text is not None:
                line["document"] = {"text": text, "features": {}}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    return out

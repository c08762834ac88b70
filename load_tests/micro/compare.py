"""Time and memory of ``understudy compare`` on a large log: ``python -m load_tests.micro.compare``.

Writes a log of a million documents with two answers each, and a table with labels for a tenth, into
a temporary directory (1.1 GB), and runs the command on them in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from guards.answer import Answer, Observation
from guards.bundle.identity import BundleIdentity
from guards.events.rendering import line_renderer
from guards.events.request_observed import RequestObserved
from guards.evidence.pair import ChallengerId, ShadowOutcome
from load_tests.micro.common import LABELS, print_line

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["main"]

_MAX_S = 30.0
_MAX_MIB = 1500.0
_TEMPLATES = 200
_DISAGREEMENT = 0.1
_LABELLED = 0.1
_START = datetime(2026, 3, 2, 8, tzinfo=UTC)
_ID = "document-0000000"


def main() -> None:
    """Write the log, run the command, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    documents: int = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as directory:
        log, labels = Path(directory) / "log.jsonl", Path(directory) / "labels.csv"
        with log.open("wb") as file:
            file.writelines(_lines(documents))
        labels.write_text("".join(_labels(documents)), encoding="utf-8")
        started_s = time.monotonic()
        seconds_s, memory_mib = _compare(log, labels)
        print_line("seconds on the clock", time.monotonic() - started_s, "s", at_most=_MAX_S)
        print_line("processor seconds", seconds_s, "s")
        print_line("memory at most", memory_mib, "MiB", at_most=_MAX_MIB)


def _compare(log: Path, labels: Path) -> tuple[float, float]:
    """Return the processor seconds and the MiB that the command takes."""
    command = [sys.executable, "-c", "from service.cli import main; main()"]
    arguments = ["compare", str(log), "--labels", str(labels), "--json"]
    answered = subprocess.run(  # noqa: S603 (our own command)
        [*command, *arguments], stdout=subprocess.PIPE, check=False
    )
    (challenger,) = json.loads(answered.stdout)["challengers"]
    print(f"{challenger['compared']} compared, {challenger['labels']['labelled']} labelled")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _lines(documents: int) -> Iterator[bytes]:
    """Yield lines, which repeat a few documents under ids, moments and numbers of their own."""
    render = line_renderer("replica", "run")
    generator = np.random.default_rng(0)
    # Rendering each would take longer than what is measured.
    templates = [
        render(_document(generator), _START, 0).decode().partition('"seq":0')
        for _ in range(_TEMPLATES)
    ]
    for number in range(documents):
        before, _, after = templates[number % _TEMPLATES]
        moment = (_START + timedelta(seconds=number)).isoformat(timespec="microseconds")[:-6] + "Z"
        after = after.replace(_ID, f"document-{number:07}", 1).replace(_MOMENT, moment, 1)
        yield f'{before}"seq":{number + 1}{after}'.encode()


_MOMENT = _START.isoformat(timespec="microseconds")[:-6] + "Z"


def _document(generator: np.random.Generator) -> RequestObserved:
    champion = _observation(generator)
    challenger = champion if generator.random() > _DISAGREEMENT else _observation(generator)
    return RequestObserved(
        request_id=_ID,
        observed_at=_START,
        origin_run="run",
        segment=f"segment {generator.integers(8)}",
        model=BundleIdentity("docs", "1", "sha256:" + "a" * 64),
        champion=champion,
        outcomes=(ShadowOutcome.of(champion, ChallengerId("docs", "2"), challenger),),
        tokens=int(generator.integers(10, 500)),
        truncated=False,
        unknown=(),
        missing=(),
        coerced=(),
        out_of_range=(),
    )


def _observation(generator: np.random.Generator) -> Observation:
    probabilities = generator.dirichlet(np.full(len(LABELS), 0.4)).astype(np.float32)
    return Observation(
        Answer.of(probabilities, LABELS),
        infer_s=float(generator.uniform(0.005, 0.02)),
        cpu_s=float(generator.uniform(0.005, 0.02)),
        queue_s=float(generator.uniform(0, 0.01)),
        preprocess_s=float(generator.uniform(0, 0.001)),
    )


def _labels(documents: int) -> Iterator[str]:
    generator = np.random.default_rng(1)
    yield "request_id,label\n"
    for number in np.flatnonzero(generator.random(documents) < _LABELLED).tolist():
        yield f"document-{number:07},{LABELS[number % len(LABELS)]}\n"


if __name__ == "__main__":
    main()

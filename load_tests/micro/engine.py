"""What an engine does by itself: ``python -m load_tests.micro.engine BUNDLE --texts FILE``.

Documents are encoded beforehand and run one a pass, on as many threads as the engine has lanes;
nothing else runs. Several engines take turns, and are compared with the first.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from artifacts.opening import open_bundle
from service.engines.choosing import ENGINE_NAMES, choose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifacts.opening import Bundle
    from artifacts.preprocessing import Encoding
    from service.engines import Engine

__all__ = ["Run", "main", "measure"]

_AS_THEY_ARE = "as they are"


@dataclass(frozen=True, slots=True)
class Run:
    """Documents a second, and processor milliseconds a document."""

    rate: float
    cpu_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    call = _parse(arguments)
    bundle = open_bundle(call.bundle)
    texts = json.loads(call.texts.read_text(encoding="utf-8"))
    streams = _streams(bundle, texts, call.length)
    engines = [choose(bundle, name).engine for name in call.engine or ["torch"]]
    for engine in engines:
        for encodings in streams.values():
            measure(engine, encodings, len(encodings) // 4)
    if call.turns:
        _take_turns(engines[0], streams[_AS_THEY_ARE])
    else:
        _show(engines, streams, call.rounds)


def measure(engine: Engine, encodings: Sequence[Encoding], count: int) -> Run:
    """Run so many documents, which start over at the end, one a pass, a thread a lane."""
    queue = islice(cycle(encodings), count)
    threads = [threading.Thread(target=_work, args=(engine, queue)) for _ in range(engine.lanes)]
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    duration_s = time.perf_counter() - started_s
    return Run(count / duration_s, (time.process_time() - started_cpu_s) / count * 1000)


def _work(engine: Engine, queue: Iterator[Encoding]) -> None:
    for encoding in queue:
        engine.probabilities([encoding])


def _streams(
    bundle: Bundle, texts: Sequence[str], lengths: Sequence[int]
) -> dict[str, list[Encoding]]:
    """Encode the texts, and make of each what it were with so many tokens."""
    encodings = bundle.preprocessing.encode_documents(
        [{"text": text, "features": {}} for text in texts]
    )
    return {_AS_THEY_ARE: encodings} | {
        f"{length} tokens": [_of_length(encoding, length) for encoding in encodings]
        for length in lengths
    }


def _of_length(encoding: Encoding, length: int) -> Encoding:
    return replace(encoding, token_ids=np.resize(encoding.token_ids, (1, length)))


def _take_turns(engine: Engine, encodings: Sequence[Encoding]) -> None:
    print(json.dumps({"engine": engine.name}), flush=True)
    for line in sys.stdin:
        print(json.dumps(asdict(measure(engine, encodings, int(line)))), flush=True)


def _show(
    engines: Sequence[Engine], streams: Mapping[str, Sequence[Encoding]], rounds: int
) -> None:
    """Print medians over rounds in which engines take turns, and ratios to the first engine."""
    print(f"{'documents':<14}{'engine':<14}{'documents/s':>12}{'CPU ms each':>13}{'ratio':>8}")
    for name, encodings in streams.items():
        runs = [
            [measure(engine, encodings, len(encodings)) for engine in engines]
            for _ in range(rounds)
        ]
        for place, engine in enumerate(engines):
            rate = median(run[place].rate for run in runs)
            cpu_ms = median(run[place].cpu_ms for run in runs)
            ratio = median(run[place].rate / run[0].rate for run in runs)
            print(f"{name:<14}{engine.name:<14}{rate:>12.1f}{cpu_ms:>13.2f}{ratio:>8.2f}")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.micro.engine",
        description="Measure what engines do by themselves, on as many threads as they have lanes.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--texts", type=Path, required=True, help="a JSON list of texts")
    parser.add_argument(
        "--engine", action="append", choices=ENGINE_NAMES, help="repeat to compare (torch)"
    )
    parser.add_argument(
        "--length", type=int, action="append", default=[], help="so many tokens too; repeat"
    )
    parser.add_argument("--rounds", type=int, default=3, help="%(default)s")
    parser.add_argument(
        "--turns",
        action="store_true",
        help="measure the first engine once a line of standard input: how many documents",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()

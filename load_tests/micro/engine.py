"""What an engine does by itself: ``python -m load_tests.micro.engine BUNDLE --texts FILE``.

Documents are encoded beforehand and run one a pass, on as many threads as the engine has lanes;
nothing else runs. Several engines take turns, and are compared with the first.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.opening import open_bundle
from guards.bundle.engines import ENGINE_NAMES
from load_tests.measuring import EngineRun
from service.engines.choosing import choose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifacts.bundle.preprocessing import Encoding
    from guards.json_types import JsonObject
    from service.engines import Engine

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    call = _parse()
    bundle = open_bundle(call.bundle)
    texts = json.loads(call.texts.read_text(encoding="utf-8"))
    encodings = bundle.preprocessing.encode_documents(
        [{"text": text, "features": {}} for text in texts]
    )
    engines = [choose(bundle, name).engine for name in call.engine or ["torch"]]
    rows = _rows("as they are", encodings, engines, call.rounds)
    for length in call.length:
        # Repeated or cut to so many tokens.
        resized = [replace(e, token_ids=np.resize(e.token_ids, (1, length))) for e in encodings]
        rows += _rows(f"{length} tokens", resized, engines, call.rounds)
    if call.json:
        print(json.dumps(rows))
        return
    print(f"{'documents':<14}{'engine':<14}{'documents/s':>12}{'CPU ms each':>13}{'ratio':>8}")
    for row in rows:
        print(
            f"{row['documents']:<14}{row['engine']:<14}"
            f"{row['rate']:>12.1f}{row['cpu_ms']:>13.2f}{row['ratio']:>8.2f}"
        )


def _rows(
    name: str, encodings: Sequence[Encoding], engines: Sequence[Engine], rounds: int
) -> list[JsonObject]:
    """Measure engines in turns: medians over rounds, and rates against the first engine's."""
    for engine in engines:
        _measure(engine, encodings[: len(encodings) // 4])
    runs = [[_measure(engine, encodings) for engine in engines] for _ in range(rounds)]
    return [
        {
            "documents": name,
            "engine": engine.name,
            "rate": median(run[index].rate for run in runs),
            "cpu_ms": median(run[index].cpu_ms for run in runs),
            "ratio": median(run[index].rate / run[0].rate for run in runs),
        }
        for index, engine in enumerate(engines)
    ]


def _measure(engine: Engine, encodings: Sequence[Encoding]) -> EngineRun:
    """Run the documents, one a pass, on a thread for each lane."""
    count, queue = len(encodings), iter(encodings)
    threads = [threading.Thread(target=_work, args=(engine, queue)) for _ in range(engine.lanes)]
    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    duration_s = time.perf_counter() - started_s
    return EngineRun(count / duration_s, (time.process_time() - started_cpu_s) / count * 1000)


def _work(engine: Engine, queue: Iterator[Encoding]) -> None:
    for encoding in queue:
        engine.probabilities([encoding])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.micro.engine",
        description="Measure what engines do by themselves, on as many threads as they have lanes.",
    )
    add = parser.add_argument
    add("bundle", type=Path, metavar="BUNDLE")
    add("--texts", type=Path, required=True, help="a JSON list of texts")
    add("--engine", action="append", choices=ENGINE_NAMES, help="repeat to compare (torch)")
    add("--length", type=int, action="append", default=[], help="also of so many tokens; repeat")
    add("--rounds", type=int, default=3, help="%(default)s")
    add("--json", action="store_true", help="print one JSON document")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""What an engine does by itself: ``python -m load_tests.micro.engine BUNDLE --texts FILE``.

Documents are encoded beforehand and run one a pass, on as many threads as the engine has lanes;
nothing else runs. Several engines take turns, and are compared with the first.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.opening import open_bundle
from service.engines.choosing import ENGINE_NAMES, choose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding
    from service.engines import Engine

__all__ = ["Run", "main", "measure"]


@dataclass(frozen=True, slots=True)
class Run:
    """Documents a second, and processor milliseconds a document."""

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Row:
    """Medians of an engine over rounds; ``ratio`` is its rate against the first engine's."""

    documents: str
    engine: str
    rate: float
    cpu_ms: float
    ratio: float


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
    rows = _rows(engines, streams, call.rounds)
    if call.json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    print(f"{'documents':<14}{'engine':<14}{'documents/s':>12}{'CPU ms each':>13}{'ratio':>8}")
    for row in rows:
        print(
            f"{row.documents:<14}{row.engine:<14}"
            f"{row.rate:>12.1f}{row.cpu_ms:>13.2f}{row.ratio:>8.2f}",
            flush=True,
        )


def measure(engine: Engine, encodings: Sequence[Encoding], count: int) -> Run:
    """Run so many documents, which start over at the end, one a pass, on a thread for each lane."""
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
    """Encode the texts as they are, and repeated or cut to each number of tokens."""
    encodings = bundle.preprocessing.encode_documents(
        [{"text": text, "features": {}} for text in texts]
    )
    return {"as they are": encodings} | {
        f"{length} tokens": [_of_length(encoding, length) for encoding in encodings]
        for length in lengths
    }


def _of_length(encoding: Encoding, length: int) -> Encoding:
    return replace(encoding, token_ids=np.resize(encoding.token_ids, (1, length)))


def _rows(
    engines: Sequence[Engine], streams: Mapping[str, Sequence[Encoding]], rounds: int
) -> Iterator[Row]:
    """Measure whole streams, engines in turns, and yield a row for each stream and engine."""
    for name, encodings in streams.items():
        runs = [
            [measure(engine, encodings, len(encodings)) for engine in engines]
            for _ in range(rounds)
        ]
        for index, engine in enumerate(engines):
            yield Row(
                documents=name,
                engine=engine.name,
                rate=median(run[index].rate for run in runs),
                cpu_ms=median(run[index].cpu_ms for run in runs),
                ratio=median(run[index].rate / run[0].rate for run in runs),
            )


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
        "--length",
        type=int,
        action="append",
        default=[],
        help="also documents of so many tokens; repeat",
    )
    parser.add_argument("--rounds", type=int, default=3, help="%(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()

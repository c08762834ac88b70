"""What reading tables costs, and what random bytes do: ``python -m load_tests.micro.tables``.

Reads a million rows of a text and a label from each kind of file, each in a process of its own, and
prints processor seconds and the peak of memory. Then writes random CSVs, of the characters that
matter, for a minute (``--fuzz SECONDS``): each must end in a table or in one sentence, and anything
else is raised with the bytes.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

from artifacts.tables import ColumnRoles, canonical_rows, read_table
from guards.errors import TableError
from load_tests.micro.common import print_line

__all__ = ["main"]

_ROWS = 1_000_000
_WORDS = 10
_ROLES = ColumnRoles(("text",), "label")
_FUZZED = ColumnRoles(("a",), "b", numeric=("c",), categorical=("d",))
_PIECES = (
    *(b"a", b"b,", b"c;", b"d\t", b"1", b"1.0", b"NA", b"nan", b"true", b" ", b"\n", b"\r\n"),
    *(b"\r", b",", b";", b"\t", b"|", b'"', b'""', b"'", b"\\", b"\0", b"\xff", b"\xe9", b"\xc3"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"-", b"e", b"0"),
)
_STARTS = (b"", b"a,b,c,d\n", b"a;b;c;d\n", b'"a"\t"b"\t"c"\t"d"\r\n', b"\xef\xbb\xbfa|b|c|d\n")
_ROW = b'"a, b""",x,1.5,NA\n'
_MAX_PIECES = 60


def main() -> None:
    """Measure, fuzz, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fuzz", type=float, default=60.0, metavar="SECONDS")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        _measure(Path(directory))
        tables, sentences = _fuzz(Path(directory) / "fuzz.csv", arguments.fuzz)
    print_line("random CSVs that are tables", tables)
    print_line("random CSVs that are refused in one sentence", sentences)


def _measure(directory: Path) -> None:
    # Not here: the peak of this process would count as that of each of its children.
    with get_context("spawn").Pool(1) as process:
        process.apply(_write, (directory,))
    for path in sorted(directory.iterdir()):
        with get_context("spawn").Pool(1) as process:
            seconds, peak_mib = process.apply(_read, (path,))
        print_line(f"a million rows of {path.suffix}", seconds, "s")
        print_line("  peak of memory", peak_mib, "MiB")


def _write(directory: Path) -> None:
    import pandas as pd  # noqa: PLC0415 (its memory is not that of a process that only reads)

    words = [f"word{number}" for number in range(3000)]
    draw = random.Random(0)  # noqa: S311 (no secret)
    texts = [f"{' '.join(draw.choices(words, k=_WORDS))}, {row}" for row in range(_ROWS)]
    frame = pd.DataFrame({"text": texts, "label": ["a", "b", "c", "d"] * (_ROWS // 4)})
    frame.to_csv(directory / "t.csv", index=False)
    frame.to_parquet(directory / "t.parquet")
    frame.to_json(directory / "t.jsonl", orient="records", lines=True)


def _read(path: Path) -> tuple[float, float]:
    """Return processor seconds, and the peak of memory in MiB of this process."""
    started_s = time.process_time()
    read_table(path, _ROLES)
    seconds = time.process_time() - started_s
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _fuzz(path: Path, duration_s: float) -> tuple[int, int]:
    """Return how many random files were tables, and how many were refused."""
    draw = random.Random(time.time_ns())  # noqa: S311 (no secret)
    tables = sentences = 0
    end_s = time.monotonic() + duration_s
    while time.monotonic() < end_s:
        pieces = draw.choices((*_PIECES, _ROW), k=draw.choice((1, 2, 5, _MAX_PIECES)))
        data = draw.choice(_STARTS) + _ROW * draw.randrange(3) + b"".join(pieces)
        path.write_bytes(data)
        try:
            canonical_rows(read_table(path, _FUZZED), _FUZZED.open_schema())
            tables += 1
        except TableError as error:
            if "\n" in str(error):
                message = f"several lines for {data!r}: {error}"
                raise AssertionError(message) from None
            sentences += 1
        except Exception as error:
            error.add_note(f"the bytes: {data!r}")
            raise
    return tables, sentences


if __name__ == "__main__":
    main()

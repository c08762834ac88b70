"""The command line: ``python -m load_tests.fuzz bundles`` and ``… requests``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from load_tests.fuzz.bundles import fuzz_bundles
from load_tests.fuzz.requests import fuzz_requests

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_EXAMPLE = "example: python -m load_tests.fuzz bundles --minutes 60 --seed 1 --keep failed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 nothing failed, 1 something did, 2 the call was wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.fuzz", description=__doc__, epilog=_EXAMPLE
    )
    parser.add_argument("what", choices=("bundles", "requests"))
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first number (%(default)s)")
    kept = "where inputs that failed are kept (%(default)s)"
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failed"), metavar="DIR", help=kept)
    call = parser.parse_args(arguments)
    if call.what == "bundles":
        report = fuzz_bundles(call.minutes, call.seed, call.keep.resolve(), call.first)
    else:
        report = fuzz_requests(call.minutes, call.seed, call.keep.resolve())
    print(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())

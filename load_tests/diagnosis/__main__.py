"""The command line: ``python -m load_tests.diagnosis``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 the causes, or 13 of 15 pairs, are within the target, 1 not."""
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.diagnosis",
        description="Diagnose logs of a running service with causes that were put in.",
        epilog="example: python -m load_tests.diagnosis --cause 'category renamed' --seed 2",
    )
    parser.add_argument("--cause", action="append", help="only this one; repeat")
    parser.add_argument("--pairs", action="store_true", help="fifteen pairs of causes instead")
    parser.add_argument("--seed", type=int, default=1, help="of the documents (%(default)s)")
    call = parser.parse_args(arguments)
    # On a busy machine two threads on a tiny network wait for each other more than they compute.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from load_tests.diagnosis.bundles import train_champion  # noqa: PLC0415 (imports torch)
    from load_tests.diagnosis.causes import CAUSES  # noqa: PLC0415 (imports torch)
    from load_tests.diagnosis.measuring import Measurement  # noqa: PLC0415 (imports torch)
    from load_tests.diagnosis.pairs import (  # noqa: PLC0415 (imports torch)
        MAX_MISSED,
        PER_HOUR,
        print_pairs,
    )
    from load_tests.diagnosis.table import print_table  # noqa: PLC0415 (imports pandas)

    names = [cause.name for cause in CAUSES]
    wanted = call.cause or names
    if unknown := sorted(set(wanted) - set(names)):
        parser.error(f"no cause is called {unknown[0]!r}; there are: {', '.join(names)}")
    with TemporaryDirectory() as made:
        directory = Path(made)
        champion = train_champion(directory / "docs" / "1")
        if call.pairs:
            missed = print_pairs(Measurement(directory, champion, call.seed, PER_HOUR))
            return 1 if missed > MAX_MISSED else 0
        measurement = Measurement(directory, champion, call.seed)
        chosen = [cause for cause in CAUSES if cause.name in wanted]
        return 1 if print_table(measurement, chosen) else 0


if __name__ == "__main__":
    sys.exit(main())

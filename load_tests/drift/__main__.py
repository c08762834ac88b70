"""The command line: ``python -m load_tests.drift false-alarms`` and others."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from load_tests.drift.cycles import print_cycles
from load_tests.drift.defaults.peers import PEERS, print_defaults
from load_tests.drift.delays import print_delays
from load_tests.drift.false_alarms import print_agreement, print_months
from load_tests.drift.sizes import print_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 all is within its target, 1 something is not."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.drift", description=__doc__)
    kinds = parser.add_subparsers(dest="what", required=True)
    false = kinds.add_parser("false-alarms", help="months without drift")
    _add_seeds(false, 60)
    false.add_argument("--first", type=int, default=0, help="the first seed (%(default)s)")
    false.add_argument("--days", type=int, default=30, help="days of a month (%(default)s)")
    same = kinds.add_parser("agreement", help="the pre-screen beside the full rule")
    _add_seeds(same, 6)
    same.add_argument("--minutes", type=int, default=1440, help="of each seed (%(default)s)")
    _add_seeds(kinds.add_parser("delays", help="how soon changes are found"), 41)
    cycles = kinds.add_parser("cycles", help="daily cycles and autocorrelation")
    _add_seeds(cycles, 10)
    cycles.add_argument("--days", type=int, default=30, help="days of a run (%(default)s)")
    _add_seeds(kinds.add_parser("sizes", help="the smallest visible shift"), 10)
    defaults = kinds.add_parser("defaults", help="peers' defaults on days without drift")
    _add_seeds(defaults, 5)
    defaults.add_argument("--peer", nargs="*", choices=PEERS, default=PEERS, help="%(default)s")
    defaults.add_argument("--every", type=int, default=60, help="minutes to one (%(default)s)")
    merging = kinds.add_parser("merging", help="reading and merging a day of many replicas")
    merging.add_argument("--replicas", type=int, default=64, help="how many (%(default)s)")
    real = kinds.add_parser("real", help="real documents in order and shuffled")
    _add_seeds(real, 5)
    real.add_argument("data_set", choices=("tweets", "reviews"))
    real.add_argument("--data", type=Path, required=True, help="the table, a CSV file")
    real.add_argument("--base", type=Path, required=True, help="directory of the encoder")
    real.add_argument("--work", type=Path, required=True, help="keeps bundle and answers")
    call = parser.parse_args(arguments)
    run = _measure if call.what in {"defaults", "merging", "real"} else _simulate
    return 1 if run(call) else 0


def _add_seeds(parser: argparse.ArgumentParser, seeds: int) -> None:
    parser.add_argument("--seeds", type=int, default=seeds, help="how many (%(default)s)")


def _simulate(call: argparse.Namespace) -> int:
    """Print the table of a simulation, and return how many of its rows miss their target."""
    seeds: int = call.seeds
    match call.what:
        case "false-alarms":
            alarmed = print_months(range(call.first, call.first + seeds), call.days)
            print(f"{alarmed} of {seeds} months with an alarm")
            return max(alarmed - seeds // 20, 0)
        case "agreement":
            return print_agreement(range(seeds), call.minutes)
        case "delays":
            return print_delays(seeds)
        case "cycles":
            return print_cycles(seeds, call.days)
    return print_sizes(seeds)


def _measure(call: argparse.Namespace) -> int:
    """Print what is measured of the service's own parts and of peers; return what is wrong."""
    if call.what == "defaults":
        return print_defaults(call.peer, call.seeds, call.every)
    if call.what == "merging":
        from load_tests.drift.merging import print_merging  # noqa: PLC0415 (imports scikit-learn)

        return print_merging(call.replicas)
    from load_tests.drift.real import print_streams  # noqa: PLC0415 (imports torch)

    return print_streams(call.data_set, call.data, call.base, call.work, call.seeds)


if __name__ == "__main__":
    sys.exit(main())

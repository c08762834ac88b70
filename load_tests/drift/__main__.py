"""The command line: ``python -m load_tests.drift false-alarms`` and others."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from load_tests.drift.cycles import print_cycles
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
    call = parser.parse_args(arguments)
    return 1 if _run(call) else 0


def _add_seeds(parser: argparse.ArgumentParser, seeds: int) -> None:
    parser.add_argument("--seeds", type=int, default=seeds, help="how many (%(default)s)")


def _run(call: argparse.Namespace) -> int:
    """Print a table, and return how many of its rows miss their target."""
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


if __name__ == "__main__":
    sys.exit(main())

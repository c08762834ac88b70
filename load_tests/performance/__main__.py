"""Measure estimates of performance without labels: ``python -m load_tests.performance``.

Installs NannyML in an environment of its own (2 GB), unless ``--no-peer`` is given. Seeds are
fixed. Takes a few minutes, prints three tables and exits with 0.
"""

from __future__ import annotations

import argparse

from load_tests.performance.census import differences
from load_tests.performance.coverage import Setting, measure

_SETTINGS = [
    Setting(classes, held_out, documents, shift)
    for classes in (2, 5)
    for held_out in (500, 2_000, 20_000)
    for documents in (200, 1_000, 5_000)
    for shift in (0.0, 0.5, 1.0)
]
_FIGURES = ("accuracy", "macro F1", "AUC")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m load_tests.performance",
        description="Measure estimates of performance without labels.",
        epilog="example: python -m load_tests.performance --populations 4 --no-peer",
    )
    parser.add_argument("--populations", type=int, default=20, help="simulated models a setting")
    parser.add_argument("--no-peer", action="store_true", help="leave NannyML out")
    call = parser.parse_args()
    if not call.no_peer:
        print("largest difference from NannyML's estimates, US census, chunks of 5,000 documents")
        for name, difference in differences().items():
            print(f"  {name:10}{difference:.4f}")
    print("simulated windows: share of 95 % intervals with the figure of the labels | mean error")
    print("labels held-out documents shift" + "".join(f"{name:>10}" for name in _FIGURES * 2))
    for setting in _SETTINGS:
        found = measure(setting, call.populations)
        covered = "".join(f"{share:10.3f}" for share in found.covered)
        errors = "".join(f"{error:+10.4f}" for error in found.mean_error)
        print(
            f"{setting.classes:6}{setting.held_out:9}{setting.documents:10}{setting.shift:6}"
            f"{covered}{errors}",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""How often the harm gate and the residual err, and how soon they tell.

``python -m load_tests.micro.harm`` simulates classifiers of three and five classes, prints a table
with the targets and exits with 0. Seeds are fixed. Takes about a quarter of an hour.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from load_tests.micro.common import print_line
from load_tests.micro.simulated_harm import gate_outcomes, labels_to_drift, population

if TYPE_CHECKING:
    from load_tests.micro.simulated_harm import Population, Shift

__all__ = ["main"]

_SEPARATIONS = {3: 2.6, 5: 3.0}
_REFERENCES = (20_000, 2_000, 300)
_BENIGN: tuple[Shift, ...] = ("none", "easier", "one class", "as hard")
_WINDOWS = 20
_MAX_WINDOWS, _MAX_LABELS, _MAX_SILENT = 6, 500, 5


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.micro.harm", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="runs of each row (%(default)s)")
    seeds = parser.parse_args().seeds
    for classes, separation in _SEPARATIONS.items():
        documents = population(classes, separation)
        print(f"{classes} classes, error rate {documents.hardness.mean():.3f}")
        for rows in _REFERENCES:
            _print_gate(documents, rows, seeds)
            _print_residual(documents, rows, seeds)


def _print_gate(documents: Population, rows: int, seeds: int) -> None:
    for shift in _BENIGN:
        shown, ruled_out = gate_outcomes(documents, shift, rows, _WINDOWS, seeds)
        name = f"reference of {rows:,}, {shift}"
        print_line(f"{name}: pages", np.isfinite(shown).sum(), "runs", at_most=0)
        print_line(f"{name}: harm ruled out", np.isfinite(ruled_out).sum(), "runs")
    harder: tuple[Shift, ...] = ("harder by .02", "harder by .05")
    for shift in harder:
        shown, ruled_out = gate_outcomes(documents, shift, rows, _WINDOWS, seeds)
        name = f"reference of {rows:,}, {shift}"
        print_line(f"{name}: pages", np.isfinite(shown).sum(), "runs")
        print_line(f"{name}: harm ruled out", np.isfinite(ruled_out).sum(), "runs")
    slowest = _MAX_WINDOWS if rows == max(_REFERENCES) else np.inf
    for share, words in ((0.5, "median"), (1.0, "slowest")):
        after = float(np.quantile(shown, share, method="higher"))
        print_line(f"{name}: windows to page, {words}", after, at_most=slowest)
    units: tuple[Shift, ...] = ("unit", "unit within range")
    for shift in units:
        _, ruled_out = gate_outcomes(documents, shift, rows, _WINDOWS, seeds)
        name = f"reference of {rows:,}, {shift}, accuracy .12"
        print_line(f"{name}: harm ruled out", np.isfinite(ruled_out).sum(), "runs", at_most=0)


def _print_residual(documents: Population, rows: int, seeds: int) -> None:
    name = f"reference of {rows:,}"
    swapped = labels_to_drift(documents, rows, seeds, swapped=True)
    for share, words in ((0.5, "median"), (0.9, "nine of ten")):
        after = float(np.quantile(swapped, share, method="higher"))
        at_most = _MAX_LABELS if rows == max(_REFERENCES) else np.inf
        print_line(f"{name}, a tenth swapped: labels, {words}", after, at_most=at_most)
    stable = np.isfinite(labels_to_drift(documents, rows, seeds, swapped=False)).mean()
    print_line(f"{name}, miscalibrated but stable", 100 * float(stable), "%", at_most=_MAX_SILENT)


if __name__ == "__main__":
    main()

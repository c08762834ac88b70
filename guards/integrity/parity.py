"""How far the answers of a faster engine are from those of the network that was sealed.

The report is made on held-out documents when an engine is built, kept in the manifest, and held
against its budget wherever the bundle is opened. It is a claim of whoever sealed the bundle: that
the graph computes the network is for ``artifacts.bundle.binding`` to show. The engine's own answers
to the probes are kept beside it: another processor may run the same graph otherwise, and then they
differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.bundle.engines import ENGINES, ClassParity, Parity
from guards.bundle.layout import MANIFEST
from guards.errors import Finding
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["MAX_FLIPS", "NOTABLE", "check_engine_probes", "check_parity", "parity_of"]

MAX_FLIPS = 0.005
"""The share of held-out documents whose label may change, where nobody says otherwise."""

NOTABLE = 0.05
"""A probability that changes by more is named, however good the mean."""

_TIE = 0.1


def parity_of(
    expected: NDArray[np.float32],
    observed: NDArray[np.float32],
    labels: Sequence[str],
    max_flips: float,
) -> Parity:
    """Compare an engine's probabilities with the network's, both float32 [documents, classes]."""
    before, after = expected.argmax(axis=1), observed.argmax(axis=1)
    shift = observed.max(axis=1).astype(np.float64) - expected.max(axis=1)
    return Parity(
        documents=len(expected),
        flips=int((before != after).sum()),
        max_flips=max_flips,
        mean_confidence_shift=float(shift.mean()),
        largest_confidence_shift=_largest(shift),
        largest_probability_change=float(np.abs(observed - expected).max()),
        per_class={
            label: _class_parity(shift[before == index], (after != before)[before == index])
            for index, label in enumerate(labels)
        },
    )


def _class_parity(shift: NDArray[np.float64], flipped: NDArray[np.bool_]) -> ClassParity:
    return ClassParity(
        documents=shift.size,
        flips=int(flipped.sum()),
        mean_confidence_shift=float(shift.mean()) if shift.size else 0.0,
        largest_confidence_shift=_largest(shift),
    )


def _largest(shift: NDArray[np.float64]) -> float:
    return float(shift[np.abs(shift).argmax()]) if shift.size else 0.0


def check_parity(engines: Sequence[str], parity: Mapping[str, Parity]) -> Iterator[Finding]:
    """Yield a finding for each engine that a bundle names and that is none, or may not serve."""
    for engine in sorted({*engines, *parity} - {*ENGINES}):
        yield Finding(
            code="manifest_invalid",
            subject=MANIFEST,
            expected=f"engines among {listed(ENGINES)}",
            observed=f"an engine {engine!r}",
        )
    for engine in engines:
        report = parity.get(engine)
        if report is None or not report.within:
            yield Finding(
                code="engine_over_budget",
                subject=engine,
                expected="a parity report within its budget of changed labels",
                observed="no parity report" if report is None else str(report),
            )


def check_engine_probes(
    engine: str,
    sealed: NDArray[np.float32],
    observed: NDArray[np.float32],
    labels: Sequence[str],
) -> Iterator[Finding]:
    """Yield a finding where an engine answers the probes otherwise than when it was built.

    Both are float32 [probes, classes]. Eight-bit products round otherwise on other processors, so
    that a probability may move by ``NOTABLE`` and a label where two were about as probable.
    """
    if sealed.shape != observed.shape:
        yield _off(engine, f"answers of shape {sealed.shape}", f"{observed.shape}")
        return
    change = np.nan_to_num(np.abs(observed - sealed), nan=np.inf)
    ranked = np.sort(sealed, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > _TIE
    flipped = clear & (sealed.argmax(axis=1) != observed.argmax(axis=1))
    if flipped.any() or change.max() > NOTABLE:
        probe, index = divmod(int(change.argmax()), change.shape[1])
        yield _off(
            engine,
            f"{labels[index]!r} {sealed[probe, index]:.4f} at probe {probe}",
            f"{observed[probe, index]:.4f}; {int(flipped.sum())} of {len(sealed)} labels differ",
        )


def _off(engine: str, expected: str, observed: str) -> Finding:
    return Finding(
        code="engine_probe_failed",
        subject=engine,
        expected=expected,
        observed=observed,
    )

"""Compare what a bundle makes of the golden documents with what it made of them when sealed.

The probes are run at every start, because the same parameters under another library can give
another answer. Tolerances: token ids exactly, columns to a relative 1e-9 (float64 arithmetic on
other hardware stayed below 2e-15), probabilities to 1e-4 with the same label wherever it was not a
near tie (float32 networks on other hardware stayed below 4e-6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guards.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from guards.bundle.probes import ProbeOutputs

__all__ = ["compare_outputs"]

_COLUMNS_RTOL = 1e-9
_COLUMNS_ATOL = 1e-12
_PROBABILITIES_ATOL = 1e-4
_NEAR_TIE = 1e-2


def compare_outputs(
    expected: ProbeOutputs, observed: ProbeOutputs, labels: Sequence[str]
) -> Iterator[Finding]:
    """Yield a finding for each stage at which the observed outputs differ from the expected."""
    if not (
        np.array_equal(expected.lengths, observed.lengths)
        and np.array_equal(expected.token_ids, observed.token_ids)
    ):
        yield _failed("token ids", *_token_difference(expected, observed))
    if expected.columns.shape != observed.columns.shape:
        yield _failed("columns", f"shape {expected.columns.shape}", f"{observed.columns.shape}")
    elif not np.allclose(
        expected.columns,
        observed.columns,
        rtol=_COLUMNS_RTOL,
        atol=_COLUMNS_ATOL,
        equal_nan=True,
    ):
        yield _failed("columns", *_largest_difference(expected.columns, observed.columns))
    yield from _compare_probabilities(expected.probabilities, observed.probabilities, labels)


def _compare_probabilities(
    expected: NDArray[np.float32], observed: NDArray[np.float32], labels: Sequence[str]
) -> Iterator[Finding]:
    if expected.shape != observed.shape:
        yield _failed("probabilities", f"shape {expected.shape}", f"{observed.shape}")
        return
    ranked = np.sort(expected, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > _NEAR_TIE
    flipped = np.flatnonzero(clear & (expected.argmax(axis=1) != observed.argmax(axis=1)))
    if flipped.size:
        first = int(flipped[0])
        yield _failed(
            "labels",
            f"probe {first} is {labels[int(expected[first].argmax())]!r}",
            f"{labels[int(observed[first].argmax())]!r}; {flipped.size} of {len(expected)} differ",
        )
    elif not np.allclose(expected, observed, rtol=0, atol=_PROBABILITIES_ATOL):
        yield _failed("probabilities", *_largest_difference(expected, observed))


def _token_difference(expected: ProbeOutputs, observed: ProbeOutputs) -> tuple[str, str]:
    if len(expected.lengths) != len(observed.lengths):
        return f"{len(expected.lengths)} probes", f"{len(observed.lengths)}"
    longer = np.flatnonzero(expected.lengths != observed.lengths)
    if longer.size:
        probe = int(longer[0])
        return f"probe {probe} has {expected.lengths[probe]} tokens", f"{observed.lengths[probe]}"
    index = int(np.flatnonzero(expected.token_ids != observed.token_ids)[0])
    return f"id {expected.token_ids[index]} at token {index}", f"id {observed.token_ids[index]}"


def _largest_difference(
    expected: NDArray[np.float32] | NDArray[np.float64],
    observed: NDArray[np.float32] | NDArray[np.float64],
) -> tuple[str, str]:
    gaps = np.nan_to_num(np.abs(expected - observed), nan=np.inf)
    probe, position = divmod(int(gaps.argmax()), gaps.shape[1])
    return (
        f"{expected[probe, position]!s} at probe {probe}, position {position}",
        str(observed[probe, position]),
    )


def _failed(stage: str, expected: str, observed: str) -> Finding:
    return Finding("probe_failed", f"probes: {stage}", expected, observed)

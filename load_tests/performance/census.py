"""Our estimates beside those of NannyML's CBPE, on the US census data of its package."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from guards.performance.answer_counts import AnswerCounts
from guards.performance.estimate import estimate
from guards.performance.sealed import SealedPerformance
from load_tests.environments import environment, run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["differences"]

_HERE = Path(__file__).parent
_ENVIRONMENTS = _HERE.parent / ".peers"
_LABELS = ("not employed", "employed")
_METRICS = ("accuracy", "F1", "AUC")
_CHUNK = 5_000


def differences() -> dict[str, float]:
    """Return the largest difference of each figure over all chunks; raises ``CommandError``."""
    python = environment(_HERE / "nannyml.txt", _ENVIRONMENTS) / "python"
    with TemporaryDirectory() as directory:
        # Without the variable it tells its makers that it is used.
        silent = ("env", "NML_DISABLE_USAGE_LOGGING=1")
        run(*silent, python, _HERE / "nannyml_census.py", directory)
        reference, monitored, theirs = (
            np.load(Path(directory) / f"{name}.npy")
            for name in ("reference", "monitored", "estimates")
        )
    truth = reference[:, -1].astype(np.int64)
    sealed = SealedPerformance.of(_probabilities(reference), truth, _LABELS)
    starts = range(0, len(monitored), _CHUNK)
    ours = [_figures(sealed, monitored[start : start + _CHUNK]) for start in starts]
    largest = np.abs(np.array(ours) - theirs).max(axis=0)
    return dict(zip(_METRICS, largest.tolist(), strict=True))


def _figures(sealed: SealedPerformance, rows: Floats) -> list[float]:
    counts = AnswerCounts(_LABELS)
    counts.update(_probabilities(rows))
    found = estimate(sealed, counts.get())
    figures = (found.accuracy, found.classes[_LABELS[1]].f1, found.auc)
    return [np.nan if figure is None else figure.value for figure in figures]


def _probabilities(rows: Floats) -> Floats:
    return np.stack([1 - rows[:, 0], rows[:, 0]], axis=1)

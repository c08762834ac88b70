"""The table of one cause, of a service that answers few documents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from load_tests.diagnosis.__main__ import main
from load_tests.diagnosis.causes import Cause
from load_tests.diagnosis.measuring import Measurement
from load_tests.diagnosis.table import print_table

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.sealed_columns import SealedColumns
    from service.lifecycle.assembly import Champion


class Reversed:
    """Columns that say the opposite, many times as loud."""

    def __init__(self, columns: SealedColumns) -> None:
        self.columns = columns

    def transform(self, *inputs: Any) -> NDArray[np.float64]:  # noqa: ANN401 (passed on)
        """Turn what was fitted round."""
        return -30 * self.columns.transform(*inputs)


def turn_round(champion: Champion) -> None:
    """Put other columns into a champion that is ready."""
    path = champion.classification
    columns: Any = Reversed(path.champion.preprocessing.columns)  # type: ignore[arg-type]
    turned = replace(path.champion.preprocessing, columns=columns)
    path.champion = replace(path.champion, preprocessing=turned)


def test_a_cause_is_a_row(
    champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done behind the guard comes first, and is within the target."""
    found = ("served_otherwise", "bundle")
    cause = Cause("columns", found, disturb=turn_round, replayed=True)
    measurement = Measurement(tmp_path, champion, per_hour=2)

    assert print_table(measurement, [cause]) == 0
    _, row, summary = capsys.readouterr().out.splitlines()
    assert row.startswith("columns")
    assert "served_otherwise: bundle" in row
    assert row.endswith("ok")
    assert summary == "1 of 1 causes are within the target"


def test_an_unknown_cause_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message lists what there is."""
    with pytest.raises(SystemExit):
        main(["--cause", "bad luck"])
    assert "category renamed" in capsys.readouterr().err

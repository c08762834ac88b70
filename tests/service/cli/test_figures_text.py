"""Figures as lines for a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.evaluation.figures import evaluate
from guards.bundle.identity import BundleIdentity
from service.cli.figures_text import comparison_lines, figures_lines, names_of

if TYPE_CHECKING:
    from guards.json_types import JsonObject


def figures(classes: int, occurring: int, rows: int = 60) -> JsonObject:
    """Return figures where all but the first rows are right."""
    truth = np.arange(rows) % occurring
    answered = truth.copy()
    answered[:3] = (truth[:3] + 1) % occurring
    probabilities = np.where(answered[:, None] == np.arange(classes), 0.9, 0.01).astype(np.float32)
    return evaluate(probabilities, truth, [f"c{index:03d}" for index in range(classes)])


@pytest.mark.parametrize(("classes", "occurring"), [(5, 3), (2, 2), (20, 4)])
def test_macro_f1_says_over_which_classes(classes: int, occurring: int) -> None:
    """Over how many of how many; and each class with rows has its lines."""
    lines = list(figures_lines(figures(classes, occurring), "rows of a.csv"))

    (line,) = [line for line in lines if "macro_f1" in line]
    assert line.endswith(f"over {occurring} of {classes} classes")
    assert sum("precision" in line for line in lines) == occurring


@pytest.mark.parametrize("classes", [21, 300, 1000])
def test_many_classes_are_summarised(classes: int) -> None:
    """The median, the ten with the lowest F1 and their rows, and where the others are."""
    lines = list(figures_lines(figures(classes, 21), "rows of a.csv"))

    assert len(lines) < 25
    assert f"21 of {classes} classes have rows" in "\n".join(lines)
    assert "F1 of the 10 with the lowest; --json has all" in "\n".join(lines)
    worst = [line.split()[0] for line in lines[-10:]]
    assert set(worst) >= {"c000", "c001", "c002", "c003"}


def test_rows_that_were_left_out_are_told() -> None:
    """Beside how many there are."""
    first, *_ = figures_lines({**figures(3, 3), "left_out": 7}, "rows of a.csv")

    assert first.startswith("60 rows of a.csv")
    assert "7 rows with an unknown label are left out" in first


def test_labels_do_not_act_on_the_terminal() -> None:
    """A label of a table may hold anything."""
    given = figures(2, 2)
    given["classes"] = {"\x1b[31mred": given["classes"]["c000"]}

    assert not any("\x1b" in line for line in figures_lines(given, "rows"))


def gain(won: int, lost: int) -> JsonObject:
    """Return what a comparison says of some rows."""
    difference = {"value": (won - lost) / 30, "low": -0.1, "high": 0.4}
    return {"rows": 30, "won": won, "lost": lost, "difference": difference, "p_value": 0.03}


@pytest.mark.parametrize(("classes", "shown"), [(3, 3), (20, 20), (21, 10), (900, 10)])
def test_a_comparison_shows_the_classes_that_differ(classes: int, shown: int) -> None:
    """All of a few classes, and of many those that differ most, whichever is better there."""
    gains = {f"c{index:03d}": gain(0, 0) for index in range(classes)}
    gains["c001"], gains["c002"] = gain(0, 9), gain(5, 1)
    before, after = (
        {"name": "docs", "version": version, **figures(3, 3)} for version in ("1", "2")
    )
    comparison = {
        "left_out": 2,
        "bundles": [before, after],
        **gain(6, 9),
        "agreement": {"value": 0.5, "low": 0.3, "high": 0.7},
        "classes": gains,
    }

    lines = list(comparison_lines(comparison, ["docs/1", "docs/2"], "rows of a.csv"))

    text = "\n".join(lines)
    of_classes = [line for line in lines if line.startswith("  c0")]
    assert len(of_classes) == shown
    assert any(
        "c001  (30 rows): -0.300" in line and "docs/1 alone 9" in line for line in of_classes
    )
    assert "accuracy of docs/2 minus that of docs/1: -0.100  (-0.100 to +0.400)" in text
    assert "docs/2 alone is right on 6 rows, docs/1 alone on 9; McNemar's exact p = 0.03" in text
    assert "2 rows with an unknown label are left out" in lines[0]


def test_bundles_of_one_name_are_told_apart() -> None:
    """Two stores may hold the same version: then the paths say which is which."""
    one, other = BundleIdentity("docs", "1", "sha256:a"), BundleIdentity("docs", "1", "sha256:b")
    paths = [Path("prod/docs/1"), Path("stage/docs/1")]

    assert names_of([one, other], paths) == ["prod/docs/1", "stage/docs/1"]
    assert names_of([one, BundleIdentity("docs", "2", "sha256:b")], paths) == ["docs/1", "docs/2"]


def test_a_class_without_rows_has_no_figures() -> None:
    """Of a class that is neither label nor answer, only that there is no row."""
    lines = list(figures_lines(figures(4, 3), "rows of a.csv"))

    assert lines[-1] == "  c003  (0 rows)"
    assert sum("recall" in line for line in lines) == 3

"""One canonical form of labels, and the label of a bundle that a value stands for."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from guards.labels import KnownLabel, canonical_label


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (1, "1"),
        ("1.0", "1"),
        (Decimal("2.50"), "2.5"),
        (np.float32(0.1), "0.1"),
        (np.bool_(True), "true"),  # noqa: FBT003 (a label)
        ("FALSE", "false"),
        (" two words ", "two words"),
        (7311964552017903617, "7311964552017903617"),
        (None, ""),
        (pd.NA, ""),
        ("NaN", ""),
        (2.0**60, None),
        (pd.Timestamp("2024-02-29"), None),
        (["a"], None),
    ],
)
def test_canonical_form(value: object, label: str | None) -> None:
    """It is that of categories; what is missing is empty, and what cannot be a label is None."""
    assert canonical_label(value) == label


@pytest.mark.parametrize(
    ("labels", "value", "label"),
    [
        (["0", "1"], 1.0, "1"),
        (["0", "1"], "1.0", "1"),
        (["0.0", "1.0"], 1, "1.0"),
        (["False", "True"], "TRUE", "True"),
        (["cafe\u0301"], "caf\u00e9", "cafe\u0301"),
        ([" a", "b"], "a", " a"),
        (["nan", "b"], "nan", "nan"),
        (["1", "1.0"], "1.0", "1.0"),
        (["1", "1.0"], 1.0, "1"),
        (["True", "TRUE"], True, None),
        (["0", "1"], 2, None),
        (["0", "1"], None, None),
    ],
)
def test_the_label_of_a_bundle(labels: list[str], value: object, label: str | None) -> None:
    """Its own spelling counts, and of several of one form the canonical one, or none."""
    assert KnownLabel(labels)(value) == label

"""The libraries that stand between a document and its probabilities."""

from __future__ import annotations

import platform

import numpy as np
import sklearn
import torch

from guards.integrity.environment import environment_differences, installed_environment


def test_installed_environment_is_what_runs() -> None:
    """The versions are those of the modules that are imported."""
    installed = installed_environment()

    assert installed["python"] == platform.python_version()
    assert installed["numpy"] == np.__version__
    assert installed["scikit-learn"] == sklearn.__version__
    assert torch.__version__.startswith(installed["torch"].partition("+")[0])
    assert set(installed) > {"joblib", "tokenizers", "transformers"}


def test_same_environment_has_no_differences() -> None:
    """What was sealed here differs in nothing here."""
    assert environment_differences(installed_environment()) == {}


def test_differences_give_both_versions() -> None:
    """Each library that differs, is new or is gone comes with both of its versions."""
    installed = installed_environment()
    sealed = {**installed, "numpy": "1.26.4", "xgboost": "2.0"}
    del sealed["torch"]

    assert environment_differences(sealed) == {
        "numpy": ("1.26.4", installed["numpy"]),
        "torch": ("none", installed["torch"]),
        "xgboost": ("2.0", "none"),
    }

"""Which trackers may be named, and what is said of the others."""

from __future__ import annotations

import pytest
from transformers.integrations import integration_utils

from artifacts.training.trackers import PACKAGES, installed_trackers, trackers_of
from guards.errors import CallError


def test_the_trackers_are_those_of_the_library() -> None:
    """One that the library adds or drops is seen here; it can never tell that flyte is there."""
    assert {*PACKAGES} == {*integration_utils.INTEGRATION_TO_CALLBACK} - {"flyte", "kubeflow"}
    assert {*integration_utils.get_available_reporting_integrations()} <= {*installed_trackers()}


@pytest.mark.parametrize("named", [(), ("none",), ("none", "none")])
def test_none_is_no_tracker(named: tuple[str, ...]) -> None:
    """It may be said, as it is the default."""
    assert trackers_of(named) == ()


def test_a_tracker_that_the_environment_sets_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no package, and is there where the library finds it."""
    monkeypatch.setenv("KUBEFLOW_TRAINER_SERVER_URL", "http://localhost:1")
    assert "kubeflow" in integration_utils.get_available_reporting_integrations()
    assert trackers_of(("kubeflow",)) == ("kubeflow",)


def test_none_goes_with_no_other() -> None:
    """What is meant by both cannot be known."""
    with pytest.raises(CallError, match="none: means no tracker, and another one is named too"):
        trackers_of(("wandb", "none"))


@pytest.mark.parametrize("name", ["all", "tensorbord", ""])
def test_an_unknown_tracker(name: str) -> None:
    """Those that there are, and those that are installed, are listed."""
    with pytest.raises(
        CallError, match=rf"--report-to {name}: is no tracker; .* wandb \(installed: "
    ):
        trackers_of((name,))


@pytest.mark.parametrize(("name", "package"), [("wandb", "wandb"), ("comet_ml", "comet-ml")])
def test_a_tracker_that_is_not_installed(name: str, package: str) -> None:
    """The command that installs it is said."""
    with pytest.raises(CallError, match=f"{name}: is not installed: pip install {package} "):
        trackers_of((name,))

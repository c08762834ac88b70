"""Processes of our own are started with the same command and environment, wherever they run."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from service.child_environment import child_command, child_environment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ASKED = (
    "import huggingface_hub.constants as hub; "
    "from bentoml._internal.utils.analytics.usage_stats import do_not_track; "
    "print(hub.HF_HUB_OFFLINE, hub.HF_HUB_DISABLE_TELEMETRY, do_not_track())"
)


def test_libraries_neither_ask_nor_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """They read the variables when they are imported, and an operator's do not undo ours."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "BENTOML_DO_NOT_TRACK"):
        monkeypatch.setenv(name, "False")
    ended = subprocess.run(
        child_command("code", "-q"),
        input=ASKED,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "True True True" in ended.stdout


def test_onnx_runtime_leaves_nothing_whoever_imports_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A class that an operator trusts may do so, past our own import."""
    # The library is silent by itself where it sees that it is built or tested somewhere.
    for name in [name for name in os.environ if name.startswith(("ORT_", "CI", "GITHUB_"))]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    ended = subprocess.run(
        child_command("code", "-q"),
        input="import onnxruntime; print(onnxruntime.get_available_providers())",
        env=child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "CPUExecutionProvider" in ended.stdout
    assert [*tmp_path.rglob("*")] == []


def test_everything_else_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, and what an operator tells libraries and the interpreter."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert child_environment()["OMP_NUM_THREADS"] == "1"
    assert set(os.environ) - set(child_environment()) <= {"PYTHONPATH"}


def test_the_webhook_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that unpickles a bundle has no use for a URL that may hold a secret."""
    monkeypatch.setenv("UNDERSTUDY_ALERT_WEBHOOK", "https://alerts/s3cret")
    assert "s3cret" not in repr(child_environment())

"""``docs/deploy.md`` says what is true of the code, and its commands do what it says."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from guards.events.line_size import MAX_LINE_BYTES
from service.exit_codes import ExitCode
from service.http.access import SCOPES, read_access
from service.http.routes import WebApp
from service.setting_sources import CONFIG, PREFIX
from service.settings import Settings
from tests.deploy.files import DEPLOY, PAGE, blocks
from tests.repository import ROOT, repository_files

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {field.name.upper() for field in fields(Settings)}

# What the page's commands call, as this checkout has it.
UNDERSTUDY = 'understudy() { "$PYTHON" -c "from service.cli import main; main()" "$@"; }\n'


def _rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_readme_leads_to_it() -> None:
    """Whoever deploys begins with the README."""
    assert "(docs/deploy.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_file_that_it_names_is_there() -> None:
    """A path below ``deploy`` in the page is one of the repository."""
    named = set(re.findall(r"deploy/(?:kubernetes|systemd|Dockerfile)[\w./-]*", PAGE))

    assert len(named) >= 4
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    "path",
    [*sorted(path for path in DEPLOY.rglob("*") if path.is_file()), ROOT / "docs" / "deploy.md"],
    ids=lambda path: path.name,
)
def test_every_variable_is_a_setting(path: Path) -> None:
    """Neither a file nor the page names a variable that would stop a start."""
    text = path.read_text(encoding="utf-8")
    known = {CONFIG, f"{PREFIX}ALERT_WEBHOOK_FILE", *(PREFIX + name for name in SETTINGS)}
    # Kubernetes' own, and the place of a setting's name.
    known |= {f"{PREFIX}PORT", f"{PREFIX}SERVICE_HOST", f"{PREFIX}NAME"}

    assert set(re.findall(rf"{PREFIX}[A-Z_]+", text)) - known == set()


def test_every_exit_code_has_its_row() -> None:
    """The codes of the service, and those of the signals that end it before its time."""
    listed = [int(code) for row in _rows("Exit codes") for code in row[0].split(", ")]

    signals = {128 + signal.SIGTERM, 128 + signal.SIGKILL}
    assert sorted(listed) == sorted({*map(int, ExitCode), *signals})


def test_the_times_of_a_stop_are_the_codes() -> None:
    """Page, manifest and unit name the default of the setting."""
    for path in (DEPLOY / "kubernetes/deployment.yaml", DEPLOY / "systemd/understudy.service"):
        assert f"STOP_S ({Settings().stop_s:.0f})" in path.read_text(encoding="utf-8")
    assert f"`STOP_S` ({Settings().stop_s:.0f} seconds)" in PAGE


def test_every_probe_is_a_route() -> None:
    """What the page offers to a prober is answered."""
    routes = [route for row in _rows("Probes") for route in re.findall(r"`(/\w+)`", row[0])]

    assert sorted(routes) == ["/healthz", "/livez", "/readyz"]
    assert [route for route in routes if ("GET", route) not in WebApp().endpoints] == []


def test_windows_are_cut_where_the_page_says() -> None:
    """Collectors cut there, too."""
    assert f"{MAX_LINE_BYTES // 1024} KiB" in PAGE


def test_the_keys_that_it_makes_are_valid(tmp_path: Path) -> None:
    """The commands leave a file of keys that the service reads."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    (commands,) = (text for text in blocks("sh") if "keys.json <<" in text)

    subprocess.run(["bash", "-euc", commands], cwd=tmp_path, check=True)

    (caller,) = (read_access(tmp_path / "keys.json").callers or {}).values()
    assert caller.scopes < set(SCOPES)


def test_the_settings_that_it_shows_are_valid(tmp_path: Path) -> None:
    """The command prints what a pod would start with, though its bundles are elsewhere."""
    (command,) = (text for text in blocks("sh") if "understudy settings" in text)

    shown = subprocess.run(
        ["bash", "-euc", UNDERSTUDY + command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )

    assert re.search(r'champion +"/bundles/docs/1" +deploy/kubernetes/roles.json', shown.stdout)
    assert re.search(r"stop_s +25.0 +deploy/kubernetes/config.toml", shown.stdout)


def test_nothing_is_deployed_that_is_not_looked_at() -> None:
    """Every file to deploy with is named in the page, or in the kustomization that it names."""
    kustomization = (DEPLOY / "kubernetes/kustomization.yaml").read_text(encoding="utf-8")
    names = {path.name for path in repository_files("deploy/*")}

    assert sorted(name for name in names if name not in PAGE + kustomization) == []

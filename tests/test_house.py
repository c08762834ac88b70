"""What a contributor would notice about the repository itself."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repository import ROOT, repository_files

ROOMS = ("artifacts", "guards", "service", "load_tests")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXACT_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[0-9][0-9a-z.]*)")
MACHINE_ROOTS = ("home", "Users", "root", "tmp", "opt", "work", "mnt", "srv")
MACHINE_PATH = re.compile(
    rf"(?<![\w.])/(?:{'|'.join(MACHINE_ROOTS)})/(?!tmp\w{{8}}/)[\w.-]".encode()
)
"""A path below a directory where people keep what is theirs; tempfile's random names are nobody's,
and old bundles hold some."""


def _pins() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    matches = {line: EXACT_PIN.fullmatch(line) for line in pins}
    assert [line for line, match in matches.items() if match is None] == []
    return {canonicalize_name(m["name"]): m["version"] for m in matches.values() if m}


def _dependencies() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(line) for group in (PROJECT["dependencies"], *extras) for line in group]


@pytest.mark.parametrize("room", ROOMS)
def test_every_package_says_what_it_is(room: str) -> None:
    """Each ``__init__.py`` opens with a docstring."""
    packages = repository_files(f"{room}/__init__.py", f"{room}/**/__init__.py")

    silent = [path for path in packages if not ast.get_docstring(ast.parse(path.read_text()))]

    assert packages
    assert silent == []


def test_changelog_opens_with_this_version() -> None:
    """The newest heading of the changelog is the version that is installed."""
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert headings[0] == PROJECT["version"]


def test_lock_pins_every_dependency_within_its_range() -> None:
    """What the project asks for is in the lock, at an exact version that it allows."""
    pins = _pins()

    unmet = [
        str(dependency)
        for dependency in _dependencies()
        if Version(pins.get(canonicalize_name(dependency.name), "0")) not in dependency.specifier
    ]

    assert unmet == []


def test_lock_suits_every_machine() -> None:
    """No host, no build for one machine, no accelerator package is in the lock."""
    pins = _pins()

    assert [name for name in pins if name == "triton" or name.startswith("nvidia-")] == []
    assert "://" not in (ROOT / "requirements.lock").read_text()


@pytest.mark.parametrize("root", MACHINE_ROOTS)
def test_a_place_on_one_machine_is_known_as_one(root: str) -> None:
    """It is found between quotes, after an equals sign and at the start of a line."""
    for before in ("", '"', "=", " ", "file://"):
        assert MACHINE_PATH.search(f"{before}/{root}/somebody/models".encode())
    for other in (f"/{root}", f"/{root}/", f"../{root}/models", f"https://a.org/{root}/models"):
        assert not MACHINE_PATH.search(other.encode())


def test_no_file_names_a_place_on_one_machine() -> None:
    """Nothing in the repository depends on where its author kept it."""
    named = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in repository_files()
        if (match := MACHINE_PATH.search(path.read_bytes()))
    ]

    assert named == []

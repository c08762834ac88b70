"""What a contributor would notice about the repository itself."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repository import ROOT, repository_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOMS = ("artifacts", "guards", "service", "load_tests")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXACT_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[0-9][0-9a-z.]*)")
MACHINE_ROOTS = ("home", "Users", "root", "tmp", "opt", "work", "mnt", "srv")
MACHINE_PATH = re.compile(
    rf"(?<![\w.])/(?:{'|'.join(MACHINE_ROOTS)})/(?!tmp\w{{8}}/)[\w.-]".encode()
)
"""A path below a directory where people keep what is theirs; tempfile's random names are nobody's,
and old bundles hold some."""


LOCKS = ("requirements.lock", "requirements-dev.lock")


def _pins(*locks: str) -> dict[str, str]:
    lines = [line for lock in locks for line in (ROOT / lock).read_text().splitlines()]
    pins = [line for line in lines if line and not line.startswith("#")]
    matches = {line: EXACT_PIN.fullmatch(line) for line in pins}
    assert [line for line, match in matches.items() if match is None] == []
    return {canonicalize_name(m["name"]): m["version"] for m in matches.values() if m}


def _dependencies(*extras: str) -> list[Requirement]:
    groups = [PROJECT["optional-dependencies"][extra] for extra in extras]
    return [Requirement(line) for group in (PROJECT["dependencies"], *groups) for line in group]


def _unmet(dependencies: Iterable[Requirement], pins: Mapping[str, str]) -> list[str]:
    return [
        str(dependency)
        for dependency in dependencies
        if Version(pins.get(canonicalize_name(dependency.name), "0")) not in dependency.specifier
    ]


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


def test_locks_pin_every_dependency_within_its_range() -> None:
    """What the project asks for is in them, at an exact version that it allows."""
    extras = PROJECT["optional-dependencies"].keys() - {"browser", "explain"}  # in no lock

    assert _unmet(_dependencies(*extras), _pins(*LOCKS)) == []


def test_what_runs_is_locked_apart_from_what_tests_and_checks() -> None:
    """One lock suffices to serve, and has nothing that only a developer needs."""
    running, developing = (_pins(lock) for lock in LOCKS)

    assert _unmet(_dependencies("onnx", "signing"), running) == []
    assert {"mypy", "pytest", "ruff", "uv"} <= developing.keys()
    assert running.keys() & developing.keys() == set()


def test_lock_suits_every_machine() -> None:
    """No host, no build for one machine, no accelerator package is in the lock."""
    pins = _pins(*LOCKS)

    assert [name for name in pins if name == "triton" or name.startswith("nvidia-")] == []
    assert not any("://" in (ROOT / lock).read_text() for lock in LOCKS)


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

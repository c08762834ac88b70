"""A service as an orchestrator runs it, as far as a mount namespace and a control group go.

Root is read-only and `/tmp` alone can be written; the user has no name and no home; variables were
injected; the current directory has modules with names of ours; and the quota is one core.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.cgroups import group_of_one_core
from tests.patience import wait_until
from tests.serving.server import REPOSITORY, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.json_types import JsonObject

INJECTED = {
    "PORT": "tcp://10.96.4.7:3000",
    "PORT_3000_TCP": "tcp://10.96.4.7:3000",
    "PORT_3000_TCP_ADDR": "10.96.4.7",
    "PORT_3000_TCP_PORT": "3000",
    "PORT_3000_TCP_PROTO": "tcp",
    "SERVICE_HOST": "10.96.4.7",
    "SERVICE_PORT": "3000",
    "SERVICE_PORT_HTTP": "3000",
}
"""What Kubernetes injects for a Service called ``understudy``, without the prefix."""

TEMPORARY = Path("/tmp")  # noqa: S108 (of the namespace, where the service is alone)
MOUNTED = Path("/mnt")

CONFINE = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
cd /mnt
mkdir bundles
mount --bind "$BUNDLES" bundles
{kept}
if [ -n "$GROUP" ]; then echo $$ > "$GROUP"; fi
mount -t tmpfs -o mode=1777 tmpfs /tmp
{reachable}
cd /tmp
mkdir -m 777 current current/guards
for module in current/service.py current/guards/__init__.py; do
    echo 'open("ran", "w")' > "$module"
done
mount -o remount,bind,ro /mnt
mount -o remount,bind,ro /
if [ -n "$NOTHING_WRITABLE" ]; then mount -o remount,ro /tmp; fi
cd current
exec "$PYTHON" -c "$BECOME" "$@"
"""
"""What is needed stays where it is, even below a directory that is empty or closed to others."""

PROBE = """
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mount -o remount,bind,ro /
"""
"""Whether this machine lets root do what ``CONFINE`` does."""

BECOME = """
import os, sys
environment = {name: value for name, value in os.environ.items() if name.startswith("UNDERSTUDY_")}
os.setgroups([])
os.setgid(54321)
os.setuid(54321)
os.execve(sys.argv[1], sys.argv[1:], environment | {"PATH": "/usr/bin:/bin"})
"""


@dataclass
class Run:
    """What was seen of the service; ``threads`` are each process's ``OMP_NUM_THREADS``."""

    complaints: str = ""
    returncode: int | None = None
    events: list[JsonObject] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    threads: list[str | None] = field(default_factory=list)
    has_quota: bool = False

    def of(self, *names: str) -> list[JsonObject]:
        """Return the events of these names, in their order."""
        return [event for event in self.events if event["event"] in names]


@contextlib.contextmanager
def quota() -> Iterator[Path | None]:
    """Make a group whose quota is one core, or none where there can be none."""
    with contextlib.ExitStack() as stack:
        try:
            group = stack.enter_context(group_of_one_core())
        except pytest.skip.Exception:
            group = None
        yield group


NEEDED = (REPOSITORY, Path(sys.prefix), Path(sys.base_prefix))


def _closed(path: Path) -> Path | None:
    """Return the first directory on the way to a path that others cannot pass through there."""
    above = [path, *path.parents][::-1]
    return next((each for each in above if each == TEMPORARY or not _is_open(each)), None)


def _is_open(directory: Path) -> bool:
    return bool(directory.stat().st_mode & stat.S_IXOTH)


def _script() -> str:
    """Return the script, with mounts that let others reach what is needed."""
    kept, reachable = [], []
    closed = {path: above for path in NEEDED if (above := _closed(path))}
    for directory in {*closed.values()} - {TEMPORARY}:
        reachable += [f'mount -t tmpfs -o mode=755 tmpfs "{directory}"']
    for index, path in enumerate(closed):
        place = MOUNTED / str(index)
        kept.append(f'mkdir "{place}" && mount --bind "{path}" "{place}"')
        reachable.append(f'mkdir -p "{path}" && mount --bind "{place}" "{path}"')
    return CONFINE.replace("{kept}", "\n".join(kept)).replace("{reachable}", "\n".join(reachable))


def _require_namespaces() -> None:
    if os.getuid() != 0:
        pytest.skip("only root can make a mount namespace with a read-only root")
    if shutil.which("unshare") is None or not MOUNTED.is_dir():
        pytest.skip("there is no unshare, or no directory to mount bundles at")
    tried = subprocess.run(
        ["unshare", "-m", "sh", "-ec", PROBE], check=False, capture_output=True, text=True
    )
    if tried.returncode:
        pytest.skip(f"this machine forbids mount namespaces: {tried.stderr.strip()}")


def _confined(bundles: Path, group: Path | None, *more: str) -> tuple[str, ...]:
    """Return the command of a service that is confined; more variables are for the script."""
    given = {
        "BUNDLES": bundles,
        "GROUP": "" if group is None else group / "cgroup.procs",
        "PYTHON": sys.executable,
        "BECOME": BECOME,
    }
    variables = (f"{name}={value}" for name, value in given.items())
    return (
        *("env", "--unset=OMP_NUM_THREADS", *variables, *more),
        *("unshare", "-m", "sh", "-c", _script(), "sh"),
        *(sys.executable, str(Path(sys.executable).with_name("understudy")), "serve"),
    )


@pytest.fixture(scope="module")
def bundles(accelerated: Path, challenger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a bundle in each role, and the roles."""
    _require_namespaces()
    directory = tmp_path_factory.mktemp("container") / "bundles"
    for name, bundle in (("1", accelerated), ("2", challenger)):
        shutil.copytree(bundle, directory / "docs" / name)
    roles = {"champion": "docs/1", "challengers": ["docs/2"]}
    (directory / "roles.json").write_text(json.dumps(roles), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def run(bundles: Path, documents: list[JsonObject]) -> Run:
    """Start the service, have documents answered, and stop it."""
    seen, log = Run(), TEMPORARY / "understudy.jsonl"
    roles_file = MOUNTED / "bundles" / "roles.json"
    settings = {**INJECTED, "ROLES_FILE": str(roles_file)}
    with quota() as group:
        with serving(_confined(bundles, group), log, **settings) as server:  # type: ignore[arg-type]  # all are texts
            wait_until(lambda: server.status()["challengers"][0]["state"] == "ready", "readiness")
            for document in documents[:20]:
                server.classify([document]).raise_for_status()
            server.wait_until_compared()
            root = Path(f"/proc/{server.process.pid}/root")
            needed = {path.parts[2] for path in NEEDED if TEMPORARY in path.parents}
            written = {path.name for path in (root / "tmp").iterdir()}
            seen.written = sorted(written - needed)
            children = psutil.Process(server.process.pid).children(recursive=True)
            seen.threads = [_threads(child.pid) for child in children]
        seen.returncode = server.process.returncode
        seen.complaints = "".join(server.complaints)
        seen.events = [json.loads(line) for line in server.output]
        seen.has_quota = group is not None
    return seen


def _threads(pid: int) -> str | None:
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(os.fsdecode(entry).split("=", 1) for entry in entries if entry).get(
        "OMP_NUM_THREADS"
    )


def test_it_starts_answers_and_stops_with_everything_written(run: Run) -> None:
    """Every document has its line, is compared and in a window, and the account says so."""
    assert run.returncode == 0, run.complaints
    assert "Traceback" not in run.complaints
    assert "Warning" not in run.complaints
    observed = run.of("request.observed")
    assert [line["challengers"][0]["status"] for line in observed] == ["ok"] * 20
    (stopped,) = run.of("service.stopped")
    assert stopped["observed"] == stopped["flushed"] == stopped["compared"] == 20
    assert run.events[-1] == stopped


def test_nothing_is_written_but_what_is_declared(run: Run) -> None:
    """The log, and a directory that goes with the service; no module of the directory ran."""
    current, private, log = run.written
    assert (current, log) == ("current", "understudy.jsonl")
    assert private.startswith("understudy-")


def test_it_runs_in_as_many_lanes_as_the_quota_has_cores(run: Run) -> None:
    """One lane, and one thread in every process, of champion and challenger; the start says why."""
    if not run.has_quota:
        pytest.skip("no control group with a CPU quota can be made here")
    (started,) = run.of("service.started")
    assert started["engine"]["lanes"] == 1
    cpu = started["environment"]["cpu"]
    assert (cpu["cores"], cpu["limited_by"], cpu["quota"]) == (1, "quota", 1.0)
    assert 0 < started["environment"]["memory"]["limit_bytes"] <= psutil.virtual_memory().total
    # The worker, the process that challengers are forked from, and the challenger.
    assert run.threads == ["1"] * 3


def test_without_a_place_to_write_one_line_says_what_is_needed(bundles: Path) -> None:
    """It names the variable to set, and the start is a wrong call."""
    command = _confined(bundles, None, "NOTHING_WRITABLE=1")
    served = subprocess.run(
        command,
        env={**os.environ, "UNDERSTUDY_CHAMPION": str(MOUNTED / "bundles" / "docs" / "1")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert served.returncode == 2
    (line,) = served.stderr.splitlines()
    assert "no directory for temporary files can be made" in line
    assert "set TMPDIR to a directory that can be written" in line

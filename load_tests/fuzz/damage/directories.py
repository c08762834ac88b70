"""Put things into a bundle's directory that are no parts, or in the place of one."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from guards.bundle.layout import CONFIG, MANIFEST, PROBE_ARRAYS, SIGNATURE, TOKENIZER, WEIGHTS
from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.hostile import CANARY
from load_tests.fuzz.resealing import edit_manifest, reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

__all__ = ["damage_directory"]

_NAMES = (
    "\x1b[2J", "a\nb", "\u2028", "\u202e", "-rf", ".hidden", "x" * 200, "sklearn.py", "\u0085",
)  # fmt: skip
_SPARSE_BYTES = 4 * 10**11


def damage_directory(rng: Random, bundle: Path) -> str:
    """Change what is in the directory, and return what was done."""
    part = rng.choice((MANIFEST, SIGNATURE, CONFIG, TOKENIZER, WEIGHTS, PROBE_ARRAYS))
    how = rng.choice([*_DAMAGES])
    _DAMAGES[how](rng, bundle, bundle / part)
    return f"{part}: {how}"


def _fifo(_: Random, __: Path, file: Path) -> None:
    file.unlink(missing_ok=True)
    os.mkfifo(file)


def _socket(_: Random, __: Path, file: Path) -> None:
    file.unlink(missing_ok=True)
    here = os.open(file.parent, os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as listening, suppress(OSError):
        listening.bind(f"/proc/self/fd/{here}/{file.name}")
    os.close(here)


def _link(rng: Random, _: Path, file: Path) -> None:
    file.unlink(missing_ok=True)
    file.symlink_to(rng.choice(("/dev/zero", "/etc/passwd", file.name, "..", "/proc/self/mem")))


def _linked(_: Random, bundle: Path, file: Path) -> None:
    """Move the file out of the bundle, and link to it: the content is the same."""
    if file.exists():
        outside = bundle.parent / f"{bundle.name} outside"
        file.rename(outside)
        file.symlink_to(outside)


def _directory(_: Random, __: Path, file: Path) -> None:
    file.unlink(missing_ok=True)
    file.mkdir()


def _empty(_: Random, __: Path, file: Path) -> None:
    file.write_bytes(b"")


def _sparse(rng: Random, bundle: Path, file: Path) -> None:
    """Make a file of 400 GB that takes no room, and let the manifest say so."""
    with file.open("ab") as written:
        written.truncate(_SPARSE_BYTES)
    name = file.relative_to(bundle).as_posix()
    if name not in {MANIFEST, SIGNATURE} and happens(rng, 0.7):
        edit_manifest(bundle, lambda m: m["parts"][name].update(size=_SPARSE_BYTES))


def _deep(_rng: Random, bundle: Path, _file: Path) -> None:
    here = os.open(bundle, os.O_DIRECTORY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def _many(rng: Random, bundle: Path, _: Path) -> None:
    inside = bundle / rng.choice(("", "model", "more"))
    inside.mkdir(exist_ok=True)
    for index in range(3000):
        (inside / f"entry {index}").touch()


def _named(rng: Random, bundle: Path, _: Path) -> None:
    (bundle / rng.choice(_NAMES)).write_bytes(b"x")


def _listed(rng: Random, bundle: Path, _: Path) -> None:
    """Add a part that the manifest lists, some of them code."""
    names = (*_NAMES, "model/x.py", "engines/x/model.onnx", f"engines/{rng.choice(_NAMES)}/a")
    code = f"open({CANARY!r}, 'w')\n".encode()
    reseal(bundle, {rng.choice(names): code})


def _module(_: Random, bundle: Path, __: Path) -> None:
    """Add modules with the names of those that are imported."""
    for name in ("service/__init__.py", "sklearn.py", "guards.py", "sitecustomize.py", "torch.py"):
        (bundle / name).parent.mkdir(exist_ok=True)
        (bundle / name).write_text(f"open({CANARY!r}, 'w')\n")


_DAMAGES: dict[str, Callable[[Random, Path, Path], None]] = {
    "a FIFO": _fifo,
    "a socket": _socket,
    "a link": _link,
    "a link to the same bytes": _linked,
    "a directory": _directory,
    "empty": _empty,
    "sparse": _sparse,
    "deep directories": _deep,
    "many entries": _many,
    "a name that is not listed": _named,
    "a name that is listed": _listed,
    "modules": _module,
}

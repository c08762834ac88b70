"""Whether this process is one of several that a launcher started, by the environment."""

from __future__ import annotations

import os

from guards.errors import CallError

__all__ = ["check_launcher", "is_first_process"]

_SET_BY_LAUNCHERS = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_NUMBERS = ("RANK", "LOCAL_RANK", "WORLD_SIZE")


def is_first_process() -> bool:
    """Return whether this process is the only one, or the first of several."""
    return int(os.environ.get("RANK", "0")) <= 0


def check_launcher() -> None:
    """Raise ``CallError`` where some of the variables of a launcher are set, but not all.

    Such a process would wait for others that are not there, or not know where they are.
    """
    # Of -1, the libraries make no launcher.
    given = [name for name in _SET_BY_LAUNCHERS if os.environ.get(name, "-1") != "-1"]
    for name in _NUMBERS:
        if name in given and not os.environ[name].isdecimal():
            message = f"{name}={os.environ[name]!r} in the environment is no number; unset {name}"
            raise CallError(message)
    lacking = [name for name in _SET_BY_LAUNCHERS if name not in given]
    if lacking and {"RANK", "LOCAL_RANK"} & {*given}:
        message = (
            f"{' and '.join(given)} in the environment, without {' and '.join(lacking)}: unset "
            f"{' '.join(given)}, or start several processes with `accelerate launch`"
        )
        raise CallError(message)

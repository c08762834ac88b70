"""How much memory there is, and what loading the bundles of the settings is reckoned to take.

Both are known before anything is loaded. The reckoning is of resident memory at its highest, while
bundles are loaded, as it was measured on Linux with torch for the processor: libraries once for
the service and once for all challengers, some more for each of these, and three times the bytes of
weights and graphs. Traffic is not in it, nor is what other processes take of the same memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from guards.bundle.directory import entries
from guards.bundle.layout import ENGINE_GRAPH, WEIGHTS
from guards.errors import CallError, GuardRefused
from guards.integrity.isolation.limits import limits_of
from service.cgroups import SYSTEM, memory_limit
from service.settings import allowance_of

if TYPE_CHECKING:
    from service.settings import Settings

__all__ = ["available_memory_bytes", "check_memory"]

_MIB = 1024**2

_SERVICE_BYTES = 650 * _MIB
"""The supervisor and the worker, with a small champion."""

_FORK_SERVER_BYTES = 250 * _MIB
"""The process that challengers are forked from."""

_CHALLENGER_BYTES = 250 * _MIB
"""A small challenger, without what it shares with the process that it was forked from."""

_LOADING = 3
"""How many bytes one byte of weights takes while they are loaded: 2.7 were measured."""


def available_memory_bytes(root: Path = SYSTEM) -> int:
    """Return the memory of the machine, or the limit of the control groups where that is less."""
    physical_bytes: int = psutil.virtual_memory().total
    limit_bytes = memory_limit(root)
    return physical_bytes if limit_bytes is None else min(limit_bytes, physical_bytes)


def check_memory(settings: Settings, limit_bytes: int) -> str | None:
    """Return a warning where loading the bundles may take more than ``limit_bytes``, or None.

    Raises ``CallError`` where it must: the weights alone, of the bundles that the service cannot do
    without, are more.
    """
    paths = [str(settings.champion), *settings.challengers]
    files = [_loaded_files(path, settings) for path in paths]
    required = files[:1] if settings.challenger_optional else files
    weights_bytes = sum(sizes.get(WEIGHTS, 0) for sizes in required)
    if weights_bytes > limit_bytes:
        message = (
            f"the weights of {_roles(len(required))} alone are {_mib(weights_bytes)}, expected at "
            f"most the memory limit, {_mib(limit_bytes)}: raise the limit, or serve smaller bundles"
        )
        raise CallError(message)
    need_bytes = (
        _SERVICE_BYTES
        + (_FORK_SERVER_BYTES if settings.challengers else 0)
        + _CHALLENGER_BYTES * len(settings.challengers)
        + _LOADING * sum(sum(sizes.values()) for sizes in files)
    )
    if need_bytes <= limit_bytes:
        return None
    return (
        f"loading {_roles(len(files))} may take {_mib(need_bytes)}, expected at most the memory "
        f"limit, {_mib(limit_bytes)}: raise the limit, or serve fewer or smaller bundles; the "
        "system may kill processes of the service"
    )


def _loaded_files(path: str, settings: Settings) -> dict[str, int]:
    """Return the bytes of weights and graphs, by name; none where the guard will refuse them."""
    try:
        limits_of(Path(path), allowance_of(settings))
        found = [entry for entry in entries(Path(path)) if entry.kind == "file"]
    except (OSError, GuardRefused):
        return {}
    return {
        file.name: file.size_bytes
        for file in found
        if file.name == WEIGHTS or file.name.endswith(f"/{ENGINE_GRAPH}")
    }


def _roles(bundles: int) -> str:
    challengers = bundles - 1
    if not challengers:
        return "the champion"
    return f"the champion and {challengers} challenger{'' if challengers == 1 else 's'}"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:,.0f} MiB"

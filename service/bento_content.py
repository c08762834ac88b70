"""What a Bento holds of the store: the roles, and the bundles that they name.

A store has every version that was ever sealed. BentoML takes patterns of files to include, which
cannot know what the roles name; so its decision about each file is completed here.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from guards.text import printable
from service.settings import DEFAULT_ROLES_FILE, SettingsError, read_roles

__all__ = ["leave_idle_bundles_out"]

_ROLES = PurePosixPath(DEFAULT_ROLES_FILE)
_STORE = _ROLES.parent


def leave_idle_bundles_out(path_spec: Any) -> None:  # noqa: ANN401 (BentoML is typed in part)
    """Let Bentos that are built from now on hold no bundle of the store but those in a role.

    ``path_spec`` is BentoML's class that decides which files of a project are in its Bento.
    """
    includes = path_spec.includes

    @functools.wraps(includes)
    def includes_in_use(spec: Any, path: str) -> bool:  # noqa: ANN401 (likewise)
        return includes(spec, path) and _is_in_use(spec.ctx_dir, PurePosixPath(path))

    path_spec.includes = includes_in_use


def _is_in_use(project: str, path: PurePosixPath) -> bool:
    if path == _ROLES or not path.is_relative_to(_STORE):
        return True
    return any(path.is_relative_to(bundle) for bundle in _bundles(project))


@functools.cache
def _bundles(project: str) -> tuple[PurePosixPath, ...]:
    """Return the paths of the bundles in a role; what cannot be in the Bento is said once."""
    try:
        champion, challengers = read_roles(Path(project) / _ROLES)
    except SettingsError as error:
        _note(f"the Bento holds no bundle: {error}")
        return ()
    bundles = []
    for name in (champion, *challengers):
        if (Path(project) / _STORE / name / "manifest.json").is_file() and _is_below(name):
            bundles.append(_STORE / name)
        else:
            _note(f"the Bento does not hold {printable(name)}: no bundle of the store {_STORE}")
    return tuple(bundles)


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _note(text: str) -> None:
    sys.stderr.write(f"understudy: {text}\n")

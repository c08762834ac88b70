"""Bundles that take what they can, judged as the product judges them: in a child under limits.

What a bundle may load is confirmed here, so that no check of its files stands before the limits.
"""

from __future__ import annotations

import operator
import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST, TOKENIZER, WEIGHTS
from guards.integrity.isolation.parent import run_jobs
from guards.integrity.requirements import Requirements
from service.lifecycle import judging
from service.lifecycle.judging import Judgement, Question, judge
from tests.faults.resealing import dumped, edit_json, edit_manifest, reseal
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

    Damage = Callable[[Path], None]


class Call:
    """A pickle that calls a function when it is loaded."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


TRUSTED = {
    "memory": Call(operator.mul, b"x", 10**12),
    "crash": Call(os.abort),
    "process": Call(os.system, "touch started"),
    "fork": Call(os.fork),
    "question": Call(input, "Do you wish to run the custom code? [y/N] "),
    "exit": Call(sys.exit, 0),
    # Not a signal: a shell that starts tests in the background has them ignore it.
    "interrupt": Call(signal.default_int_handler, 2, None),
}


def _loading(name: str) -> Damage:
    def damage(bundle: Path) -> None:
        reseal(bundle, {COLUMNS: dumped(TRUSTED[name])})
        edit_manifest(bundle, lambda manifest: manifest.update(trusted=list(GLOBALS)))

    return damage


def _configured(**values: object) -> Damage:
    def edit(config: JsonObject) -> None:
        config.update(values)
        for inner in config.values():
            if isinstance(inner, dict) and "hidden_size" in inner:
                inner.update(values)

    return lambda bundle: edit_json(bundle, CONFIG, edit)


def _fifo(part: str) -> Damage:
    def damage(bundle: Path) -> None:
        (bundle / part).unlink()
        os.mkfifo(bundle / part)

    return damage


def _sparse(bundle: Path) -> None:
    size = 400 * 10**9
    os.truncate(bundle / WEIGHTS, size)
    edit_manifest(bundle, lambda manifest: manifest["parts"][WEIGHTS].update(size=size))


def _folders(bundle: Path) -> None:
    for _ in range(100):
        bundle /= "x"
        bundle.mkdir()


def _brackets(bundle: Path) -> None:
    (bundle / MANIFEST).write_text("[" * 200_000)


GLOBALS = (
    *("_operator.mul", "_signal.default_int_handler", "builtins.input"),
    *("posix.abort", "posix.fork", "posix.system", "sys.exit"),
)

DAMAGES: dict[str, Damage] = {
    **{name: _loading(name) for name in TRUSTED},
    "layers": _configured(num_hidden_layers=10**7),
    "width": _configured(hidden_size=2**24, intermediate_size=2**26),
    "FIFO for a manifest": _fifo(MANIFEST),
    "FIFO for weights": _fifo(WEIGHTS),
    "sparse weights": _sparse,
    "folders in one another": _folders,
    "brackets for a manifest": _brackets,
    "brackets for a tokenizer": lambda bundle: reseal(bundle, {TOKENIZER: b"[" * 200_000}),
}


@pytest.fixture(scope="module")
def judgements(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judgement]:
    """Judge a sound bundle, all the others, and the sound one again, in one call."""
    directory = tmp_path_factory.mktemp("hostile")
    bundles = {name: directory / name / "1" for name in ("sound", *DAMAGES)}
    for name, bundle in bundles.items():
        shutil.copytree(champion, bundle)
        if name in DAMAGES:
            DAMAGES[name](bundle)
    bundles["sound at the end"] = bundles["sound"]
    requirements = Requirements(trusted=GLOBALS)
    questions = [Question(str(bundle), requirements) for bundle in bundles.values()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "run_jobs", run_jobs)
        patch.chdir(directory)
        started_s = time.monotonic()
        judged = list(judge(questions))
    assert time.monotonic() - started_s < PATIENCE_S
    assert not (directory / "started").exists()
    return dict(zip(bundles, judged, strict=True))


@pytest.mark.parametrize("name", ["sound", "sound at the end"])
def test_sound_bundles_pass_between_hostile_ones(
    judgements: dict[str, Judgement], name: str
) -> None:
    """What came before leaves nothing behind, not even where the process died of it."""
    judgement = judgements[name]

    assert judgement.findings == ()
    assert judgement.identity is not None
    assert judgement.identity.name == "docs"
    assert len(judgement.labels) > 1


@pytest.mark.parametrize("name", DAMAGES)
def test_a_hostile_bundle_is_refused(judgements: dict[str, Judgement], name: str) -> None:
    """Each has a finding of its own that can be printed, and none is a traceback."""
    judgement = judgements[name]

    assert judgement.identity is None
    assert judgement.findings
    for finding in judgement.findings:
        assert all(text.isprintable() for text in finding.to_json().values())
        assert "Traceback" not in finding.observed


@pytest.mark.parametrize(
    ("name", "code", "observed"),
    [
        ("memory", "bundle_too_costly", "memory"),
        ("crash", "bundle_crashes", "SIGABRT"),
        ("process", "part_unreadable", "PermissionError"),
        ("fork", "part_unreadable", "PermissionError"),
        ("question", "part_unreadable", "PermissionError"),
        ("exit", "bundle_crashes", "SystemExit"),
        ("interrupt", "bundle_crashes", "KeyboardInterrupt"),
        ("FIFO for weights", "part_is_a_link", "special file"),
        ("FIFO for a manifest", "part_is_a_link", "special file"),
        ("sparse weights", "bundle_too_costly", "none was read"),
        ("folders in one another", "bundle_too_costly", "directories in one another"),
    ],
)
def test_the_finding_says_what_happened(
    judgements: dict[str, Judgement], name: str, code: str, observed: str
) -> None:
    """What was tried, in words."""
    (finding,) = judgements[name].findings

    assert finding.code == code
    assert observed in finding.observed

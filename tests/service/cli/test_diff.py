"""What somebody sees who runs ``understudy diff``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from guards.bundle.sealed_files import read_sealed
from guards.integrity.differences.bundle_diff import diff_bundles
from tests.faults.resealing import edit_manifest
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject


def test_alike_is_0(champion: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines say so."""
    assert exit_code("diff", str(champion), str(champion)) == 0

    assert capsys.readouterr().out.splitlines() == [
        "docs/1 and docs/1 are preprocessed alike",
        "nothing differs",
    ]


def test_different_is_1_in_sections(
    champion: Path, challenger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first line says whether they are preprocessed alike; then each section, in sentences."""
    assert exit_code("diff", str(champion), str(challenger)) == 1

    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "docs/1 and docs/2 are not preprocessed alike"
    sections = [line for line in lines if not line.startswith("  ")]
    assert sections == ["preprocessing", "schema", "weights", "calibration"]
    differences = diff_bundles(read_sealed(champion), read_sealed(challenger)).differences
    assert [line.strip() for line in lines if line.startswith("  ")] == [
        difference.words for difference in differences
    ]
    assert any(line.startswith("  pages.mean_ ") and " → " in line for line in lines)


def test_json(champion: Path, challenger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document on standard output, with every difference, and nothing else."""
    assert exit_code("diff", str(champion), str(challenger), "--json") == 1

    printed = capsys.readouterr()
    sealed = (read_sealed(champion), read_sealed(challenger))
    assert json.loads(printed.out) == diff_bundles(*sealed).to_json()
    assert printed.err == ""


def test_long_sections_are_cut(
    champion: Path, copied: Callable[[Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """People get forty lines a section and the number of the others, machines get all."""
    bundle = copied(champion)

    def many(manifest: JsonObject) -> None:
        manifest["environment"].update({f"library{number}": "1" for number in range(50)})

    edit_manifest(bundle, many)

    assert exit_code("diff", str(champion), str(bundle)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "docs/1 and docs/1 are preprocessed alike"
    assert lines[1] == "environment"
    assert lines[-1] == "  … and 10 more (all of them with --json)"
    assert len(lines) == 2 + 40 + 1
    assert exit_code("diff", str(champion), str(bundle), "--json") == 1
    assert len(json.loads(capsys.readouterr().out)["differences"]) == 50


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("part", ["manifest.json", "model/model.safetensors"])
def test_refused_is_78(
    champion: Path,
    copied: Callable[[Path], Path],
    capsys: pytest.CaptureFixture[str],
    which: int,
    part: str,
) -> None:
    """A bundle whose bytes are not what was sealed is not compared; the refusal names it."""
    damaged = copied(champion)
    (damaged / part).write_bytes(b"junk")
    bundles = [str(champion), str(champion)]
    bundles[which] = str(damaged)

    assert exit_code("diff", *bundles, "--json") == 78

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"understudy: refused {damaged}\n")
    assert "remedy" in printed.err


def test_what_a_hostile_name_holds_is_shown_escaped(
    champion: Path, copied: Callable[[Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """No bundle writes control characters to the terminal."""
    bundle = copied(champion)

    def hostile(manifest: JsonObject) -> None:
        manifest["name"] = "docs\x07"
        manifest["environment"]["x\x1b[2J\ud800"] = "1"

    edit_manifest(bundle, hostile)

    assert exit_code("diff", str(champion), str(bundle)) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert r"docs\x07/1" in out
    assert r"x\x1b[2J\ud800 none → 1" in out


def test_it_is_quick(champion: Path, challenger: Path) -> None:
    """Nothing is loaded: neither torch nor scikit-learn, and no pickle is opened."""
    code = (
        "import sys; from service.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(sorted({'torch', 'sklearn', 'transformers'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "diff", str(champion), str(challenger)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "[]"

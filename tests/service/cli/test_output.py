"""What commands print, and that they print it in one place."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from service.cli.output import print_json, print_lines, print_notes, print_sealed
from tests.repository import ROOT, repository_files
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

EVIL = "ev\x1b[2J\nil\x85\u2028\u202e"
SHOWN = "ev\\x1b[2J\\nil\\x85\\u2028\\u202e"

PRINTING = re.compile(
    r"\bclick\.(echo|secho)\(|\bprint\(|\btqdm\.write\(|\bsys\.std(out|err)\.write\("
)
PRINTERS = {
    "guards/findings_page.py": "a page of the documentation",
    "service/app.py": "an error, which is printable",
    "service/bento_content.py": "errors, which are printable, and paths, which are escaped",
    "service/cli/group.py": "errors, which are printable",
    "service/cli/output.py": "everything, escaped",
    "service/demo/story.py": "names of its own",
    "service/lifecycle/preflight.py": "refusals, which are printable, and numbers",
    "service/lifecycle/roles.py": "paths and labels, which are escaped",
    "service/lifecycle/runtime.py": "a refusal, which is printable",
    "service/lifecycle/startup.py": "a finding, which is printable",
    "service/supervision.py": "ports, which are numbers",
}
"""The modules that print by themselves, and what."""


def test_each_text_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Lines, notes and paths are escaped, on standard output and on standard error."""
    print_lines(EVIL, "caf\u00e9")
    print_lines(EVIL, err=True)
    print_notes([EVIL])
    print_sealed(tmp_path / EVIL, "sha256:0")
    print_lines()

    printed = capsys.readouterr()
    assert printed.out == f"{SHOWN}\ncaf\u00e9\n"
    assert printed.err == f"{SHOWN}\nnote: {SHOWN}\nsealed {tmp_path}/{SHOWN}  sha256:0\n"


def test_json_is_one_printable_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Names are escaped as JSON escapes them."""
    print_json({f"{EVIL}\x7f": EVIL})

    printed = capsys.readouterr().out.removesuffix("\n")
    assert printed.isprintable()
    assert json.loads(printed) == {f"{EVIL}\x7f": EVIL}


def test_help_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Help that is shown for want of a command is a page, not an error in one line."""
    exit_code()

    printed = capsys.readouterr()
    assert "\nCommands:\n" in printed.out + printed.err


def test_nothing_is_printed_elsewhere() -> None:
    """A new command prints by the functions that escape."""
    printing = {
        str(path.relative_to(ROOT))
        for room in ("artifacts", "guards", "service")
        for path in repository_files(f"{room}/*.py")
        if PRINTING.search(path.read_text(encoding="utf-8"))
    }

    assert printing == set(PRINTERS)

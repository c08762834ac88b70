"""What goes wrong while bundles are judged is seen, and told of the right bundle."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from load_tests.fuzz.damage.hostile import CANARY
from load_tests.fuzz.judging import judge
from load_tests.fuzz.processes import SilenceLimits
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

GUARD = """
import json, os, sys
bundles = sys.argv[2:]
answers = []
for bundle in bundles:
    if bundle.endswith("bad"):
        {act}
    answers.append({{"bundle": bundle, "passed": True, "findings": [], **finding}})
    print(f"{{bundle}}: passed", file=sys.stderr, flush=True)
print(json.dumps({{"bundles": answers}}))
"""
"""A guard that lets everything pass, and does something at the bundle that is named bad."""

ACTS = {
    "os.abort()": "it ended with -6",
    "sys.exit(1)": "it ended with 1",
    "while True: pass": "it took over 0.5 s of processor",
    "x = b'1' * 2 * 10**8; import time; time.sleep(99)": "it used 0.",
    "print('a warning', file=sys.stderr)": "printed 'a warning'",
    "print('  code: \\x1b[2J', file=sys.stderr)": "printed",
    "finding = {'passed': False}": "refused without a finding",
}


def guard(act: str) -> tuple[str, ...]:
    """Return the command of a guard that does this at one bundle."""
    program = GUARD.format(act=act).replace("answers = []", "answers = []; finding = {}")
    return sys.executable, "-c", program


@pytest.mark.parametrize("act", ACTS)
def test_fault_is_told_of_its_bundle(
    act: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle that it came with is blamed, and the one before it is judged all the same."""
    monkeypatch.setattr("load_tests.fuzz.judging._VERIFY", guard(act))
    monkeypatch.setattr("load_tests.fuzz.judging._LIMITS", SilenceLimits(0.5, PATIENCE_S))
    monkeypatch.setattr("load_tests.fuzz.judging._MAX_BYTES", 10**8)

    first, bad = judge([tmp_path / "first", tmp_path / "bad"])

    assert (first.passed, first.failure) == (True, None)
    assert bad.failure is not None
    assert bad.failure.startswith(ACTS[act])


def test_what_only_waits_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that takes no processor, and gives no answer, is given up."""
    monkeypatch.setattr("load_tests.fuzz.judging._VERIFY", guard("import time; time.sleep(999)"))
    monkeypatch.setattr("load_tests.fuzz.judging._LIMITS", SilenceLimits(PATIENCE_S, 1.0))

    (bad,) = judge([tmp_path / "bad"])

    assert bad.failure is not None
    assert bad.failure.startswith("it took over 1 s")


def test_bundles_after_a_death_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that dies is started again for what is left."""
    monkeypatch.setattr("load_tests.fuzz.judging._VERIFY", guard("os.abort()"))

    judged = judge([tmp_path / name for name in ("first", "bad", "last")])

    assert [one.passed for one in judged] == [True, False, True]


def test_execution_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payload leaves its file where the guard runs."""
    monkeypatch.setattr("load_tests.fuzz.judging._VERIFY", guard(f"open({CANARY!r}, 'w')"))

    (bad,) = judge([tmp_path / "bad"])

    assert bad.failure is not None
    assert "ran what it says" in bad.failure


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("remedy", "", "has no remedy"), ("observed", "\x1b[2J", "is not printable")],
)
def test_finding_that_says_too_little_or_too_much(
    name: str, text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finding has all its texts, and nothing in them that a terminal acts upon."""
    whole = dict.fromkeys(("code", "subject", "expected", "observed", "remedy"), "a")
    findings = [{**whole, name: text}]
    act = f"finding = {{'passed': False, 'findings': {findings!r}}}"
    monkeypatch.setattr("load_tests.fuzz.judging._VERIFY", guard(act))

    (bad,) = judge([tmp_path / "bad"])

    assert bad.failure is not None
    assert told in bad.failure

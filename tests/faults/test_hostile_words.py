"""Names that a terminal would act upon, wherever a command of the command line can print one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from artifacts.demo.documents import champion_training
from guards.bundle.identity import BundleIdentity
from guards.evidence.pair import ChallengerId
from tests.guards.comparison.logs import Seen, write_log
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = tuple[str, ...]
    Call = Callable[..., tuple[str, str]]

EVIL = "ev\x1b[2J\x9b31m\n\rCHOSEN\x85CHOSEN\u2028CHOSEN\u202eil\u2066\u200f\U000e0041\x07\x7f"
"""Clears the screen, colours it, starts lines, turns the direction of writing, rings, hides."""

ROLES = (
    *("--text", f"text {EVIL}", "--label", f"label {EVIL}"),
    *("--numeric", f"pages {EVIL}", "--categorical", f"court {EVIL}"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a hostile name that holds a table, a bundle and a log."""
    folder = tmp_path_factory.mktemp("words") / EVIL
    folder.mkdir()
    frame = champion_training(90, 7)
    frame["label"] += f" {EVIL}"
    frame["court"] = frame["court"].fillna("none") + f" {EVIL}"
    frame.columns = [f"{name} {EVIL}" for name in frame]
    frame.to_csv(folder / "table.csv", index=False)
    out = ("--out", folder / "docs" / "1", "--name", "docs", "--no-accelerate")
    options = ("--epochs", 1, "--max-length", 16)
    assert exit_code("train", folder / "table.csv", *ROLES, *options, *out) == 0
    seen = Seen(
        EVIL,
        champion=f"contract {EVIL}",
        segment=EVIL,
        model=BundleIdentity(EVIL, EVIL, EVIL),
        challengers=[ChallengerId(EVIL, EVIL)],
    )
    write_log(folder / "log.jsonl", [seen])
    return folder


COMMANDS: dict[str, tuple[int, Command]] = {
    "columns and labels of a table": (0, ("table", "table.csv", *ROLES)),
    "a column that is not there": (2, ("evaluate", "docs/1", "table.csv", "--label", EVIL)),
    "columns that a bundle does not know": (2, ("evaluate", "champion", "table.csv")),
    "labels of a bundle": (0, ("evaluate", "docs/1", "table.csv")),
    "paths of two bundles": (0, ("evaluate", "docs/1", "docs/1", "table.csv")),
    "categories of a bundle": (1, ("diff", "docs/1", "champion")),
    "the path of a bundle": (0, ("verify", "docs/1")),
    "a path with nothing there": (78, ("verify", "nothing")),
    "an option": (2, ("verify", "docs/1", f"--{EVIL}")),
    "an argument too many": (2, ("sign", "docs/1", "table.csv", "--key", "key.pem")),
    "a command": (2, (EVIL,)),
    "the name of an engine": (2, ("accelerate", "docs/1", "--engine", EVIL)),
    "the path of a key": (2, ("sign", "docs/1", "--key", "key.pem")),
    "the path of a model": (
        2,
        ("seal", "--model", "docs", "--reference", "table.csv", *ROLES, "--out", "sealed/1"),
    ),
    "the path of a base": (2, ("train", "table.csv", *ROLES, "--base", "docs", "--out", "base/1")),
    "names, labels and segments of a log": (1, ("compare", "log.jsonl")),
    "a challenger that is not there": (2, ("compare", "log.jsonl", "--challenger", EVIL)),
    "the path of a log": (2, ("compare", "none.jsonl")),
    "the path of a queue": (2, ("label-queue", "log.jsonl", "-n", "2", "-o", "no/queue.csv")),
    "the path of an exported table": (2, ("export-training", "log.jsonl", "-o", "table.csv")),
}
"""Exit code and arguments of a command, by what carries the names; files are in the folder."""

FILES = frozenset(
    {"table.csv", "docs", "docs/1", "champion", "nothing", "key.pem", "sealed/1", "base/1"}
    | {"log.jsonl", "none.jsonl", "no/queue.csv"}
)


@pytest.fixture
def call(folder: Path, champion: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    """Return a function that runs a command, and returns what it printed."""
    places = {name: folder / name for name in FILES} | {"champion": champion}

    def run(what: str, *options: str) -> tuple[str, str]:
        code, arguments = COMMANDS[what]
        capfd.readouterr()
        assert exit_code(*(places.get(each, each) for each in arguments), *options) == code
        return capfd.readouterr()

    return run


@pytest.mark.parametrize("what", COMMANDS)
def test_a_name_is_shown_with_escapes(what: str, call: Call) -> None:
    """Nothing that a terminal acts upon is printed, and no line begins as a name would have it."""
    printed = "".join(call(what))

    assert "ev\\x1b[2J\\x9b31m\\n\\rCHOSEN\\x85" in printed
    for line in printed.split("\n"):
        assert line.isprintable()
        assert not line.lstrip().startswith("CHOSEN")


@pytest.mark.parametrize(
    "what", ["columns and labels of a table", "labels of a bundle", "categories of a bundle"]
)
def test_json_is_one_line_for_every_reader(what: str, call: Call) -> None:
    """Names are escaped as JSON escapes them, and are read as they were."""
    document, _ = call(what, "--json")

    assert len(document.splitlines()) == 1
    assert document.removesuffix("\n").isprintable()
    assert any(EVIL in text for text in _texts(json.loads(document)))


def _texts(document: object) -> list[str]:
    if isinstance(document, dict):
        return [text for item in document.items() for text in _texts(list(item))]
    if isinstance(document, list):
        return [text for item in document for text in _texts(item)]
    return [document] if isinstance(document, str) else []

"""The command that trains on an exported table, and what it leaves out."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from artifacts.tables import ColumnRoles
from guards.bundle.identity import BundleIdentity
from guards.comparison.columns_told import ColumnsTold
from service.cli.train_command import FeatureRoles, next_version, train_command

CHAMPION = BundleIdentity("docs", "1", "sha256:1f")


def test_the_command_can_be_pasted() -> None:
    """Whatever the names hold, a shell reads each as one word."""
    roles = ColumnRoles(("text",), "label", ("p a",), ("$c", "d'"), ("d'",), time="observed_at")

    words = shlex.split(train_command(Path("a b.csv"), roles, CHAMPION, "2"))

    assert words == [
        *("understudy", "train", "a b.csv", "--text", "text", "--label", "label"),
        *("--numeric", "p a", "--categorical", "$c", "--categorical", "d'", "--private", "d'"),
        *("--time", "observed_at", "--out", "artifacts/store/docs/2"),
    ]


def test_the_log_tells_roles_better_than_values_do() -> None:
    """A postcode of digits is a category where the champion has it as one."""
    features: dict[str, list[object]] = {
        "postcode": [1, 2],
        "pages": ["1", "2"],
        "new": ["x", "y"],
        "salary": [1, 2],
    }
    told = ColumnsTold(("pages", "years"), ("postcode",), ("age", "salary"))

    found = FeatureRoles.of(features, told)

    assert found.roles.numeric == ("pages", "salary")
    assert found.roles.categorical == ("postcode",)
    assert found.roles.private == ("salary",)
    assert (found.extra, found.absent, found.absent_private) == (("new",), ("years",), ("age",))
    notes = " ".join(found.notes())
    assert "private columns are not captured: 'age'; add them" in notes
    assert "no document has the champion's columns 'years'" in notes
    assert "no columns of the champion, and not in the command: 'new'" in notes


def test_values_tell_roles_where_the_log_does_not() -> None:
    """A note says so; what has no value can be no column."""
    found = FeatureRoles.of({"postcode": [1, 2], "court": ["x", None], "no": [None, ""]}, None)

    assert (found.roles.numeric, found.roles.categorical) == (("postcode",), ("court",))
    first, second = found.notes()
    assert "was found by their values" in first
    assert "without a value, and not in the command: 'no'" in second


@pytest.mark.parametrize(
    ("version", "taken", "following"),
    [
        ("1", [], "2"),
        ("1", ["1", "7", "old"], "8"),
        ("2026-03", [], "2026-03-2"),
        ("a", ["a-2"], "a-3"),
    ],
)
def test_the_next_version_is_free(version: str, taken: list[str], following: str) -> None:
    """As far as the log knows."""
    assert next_version(version, taken) == following

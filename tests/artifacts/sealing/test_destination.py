"""Where a bundle can be sealed is known before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from artifacts.sealing.destination import check_destination, check_name
from guards.errors import CallError


def test_destination_below_a_file(tmp_path: Path) -> None:
    """A path that no directory can be made at is told before anything is trained."""
    (tmp_path / "file").touch()

    with pytest.raises(CallError, match="no directory can be made in"):
        check_destination(tmp_path / "file" / "docs" / "1")

    check_destination(tmp_path / "new" / "docs" / "1")


@pytest.mark.parametrize("destination", ["1", "./1", "../1", "/1"])
def test_a_version_alone_names_no_bundle(destination: str) -> None:
    """A bundle is not named after whatever directory the command was run in."""
    with pytest.raises(CallError, match="give both, as reviews/1, or add --name"):
        check_name(Path(destination), None)

    check_name(Path(destination), "reviews")


@pytest.mark.parametrize("destination", [".", "..", "reviews/..", "/"])
def test_a_directory_that_is_there_is_no_version(destination: str) -> None:
    """No bundle is called ``..``, whatever else is given."""
    with pytest.raises(CallError, match="give the new directory of the bundle"):
        check_name(Path(destination), "reviews")


@pytest.mark.parametrize("destination", ["reviews/1", "/store/reviews/1", "../reviews/1"])
def test_the_last_two_components_are_enough(destination: str) -> None:
    """They are name and version, wherever the store is."""
    check_name(Path(destination), None)

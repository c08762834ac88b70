"""Imports without garbage collections."""

from __future__ import annotations

import gc

import pytest

from service.importing import uncollected


def test_nothing_is_collected_meanwhile_and_what_was_made_is_left_out() -> None:
    """Collections go on afterwards, and look at nothing that was there."""
    with uncollected():
        assert not gc.isenabled()
        made: list[object] = [[]]
    assert gc.isenabled()
    assert not any(each is made for each in gc.get_objects())


def test_an_import_that_fails_leaves_collections_on() -> None:
    """The error is that of the import."""
    with pytest.raises(ModuleNotFoundError), uncollected():
        __import__("no_such_module")
    assert gc.isenabled()


def test_where_collections_are_off_they_stay_off() -> None:
    """Whoever turned them off has a reason."""
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()

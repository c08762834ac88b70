"""The command line of the simulations."""

from __future__ import annotations

import pytest

from load_tests.drift.__main__ import main


def test_months_are_printed_with_their_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line names seed and setting, and no alarm is a success."""
    assert main(["false-alarms", "--seeds", "1", "--first", "4", "--days", "1"]) == 0

    printed = capsys.readouterr().out
    assert "seed   4: 1 days, 1,000 documents a minute, reference of  2,000 rows" in printed
    assert "0 of 1 months with an alarm" in printed


def test_agreement_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """No look may differ."""
    assert main(["agreement", "--seeds", "1", "--minutes", "5"]) == 0
    assert "0 of 5 looks differ" in capsys.readouterr().out


def test_an_unknown_simulation_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message lists what there is."""
    with pytest.raises(SystemExit):
        main(["peace"])
    assert "false-alarms" in capsys.readouterr().err

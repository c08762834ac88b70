"""Run the command line in this process."""

from __future__ import annotations

import pytest

from service.cli import main

__all__ = ["exit_code"]


def exit_code(*arguments: object) -> int:
    """Run ``understudy`` with arguments, and return the code that it exits with."""
    with pytest.raises(SystemExit) as exit_:
        main([str(argument) for argument in arguments])
    return int(exit_.value.code or 0)

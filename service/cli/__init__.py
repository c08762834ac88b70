"""The ``understudy`` command: one file a command, each a thin layer over the rooms.

Exit codes: 0 done, 1 it ran and the answer is no, 2 the call was wrong, 78 the guard refused.
"""

from service.cli.main import main

__all__ = ["main"]

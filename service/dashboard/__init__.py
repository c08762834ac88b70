"""The page at ``/``: one self-contained file that shows ``/v1/status`` to the person on call."""

from functools import cache
from importlib.resources import files

__all__ = ["page"]


@cache
def page() -> bytes:
    """Return the page: HTML in UTF-8 that fetches ``v1/status`` and nothing else."""
    return files(__name__).joinpath("index.html").read_bytes()

"""The page at ``/``: one self-contained file that shows ``/v1/status`` to the person on call."""

from functools import cache
from importlib.resources import files

__all__ = ["page"]


@cache
def page() -> bytes:
    """Give the page: HTML in UTF-8 that needs nothing else but ``v1/status`` beside it."""
    return files(__name__).joinpath("index.html").read_bytes()

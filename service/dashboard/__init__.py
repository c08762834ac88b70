"""The page at ``/``: one self-contained file that shows ``/v1/status`` to the person on call."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["HEADERS", "page"]


@cache
def page() -> bytes:
    """Return the page: HTML in UTF-8 that fetches ``v1/status`` and nothing else."""
    return files(__name__).joinpath("index.html").read_bytes()


def _hash_of(element: str) -> str:
    """Return the source, as in a policy, that allows the page's one element of this kind."""
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>".encode(), page(), re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'"


HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_hash_of('script')}; style-src {_hash_of('style')}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What a browser is told of the page: it runs this script and no other, and no page frames it."""

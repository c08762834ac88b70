"""Responses that are safe to show on a terminal."""

from __future__ import annotations

import json

import starlette.responses

from guards.text import json_printable

__all__ = ["JSONResponse"]


class JSONResponse(starlette.responses.JSONResponse):
    """A response of compact JSON in which every character is printable.

    Labels, features and paths come from bundles and requests, and people read them with ``curl``.
    """

    def render(self, content: object) -> bytes:
        """Return ``content`` as JSON; half of a surrogate pair stays an escape."""
        document = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return json_printable(document).encode()

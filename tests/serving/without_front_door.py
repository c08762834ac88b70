"""The service without the middleware that sends requests to our own app first.

A server imports this module in place of ``service.app``.
"""

from __future__ import annotations

from typing import Any

from service import app

__all__ = ["Understudy"]

Understudy: Any = app.Understudy
Understudy.middlewares.clear()

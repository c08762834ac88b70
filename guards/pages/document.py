"""A whole page of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.pages.elements import escaped
from guards.pages.style import POLICY, STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["document"]


def document(title: str, parts: Iterable[str]) -> str:
    """Return the page as HTML; ``parts`` are HTML already."""
    content = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(POLICY)}">'
        f"<title>{escaped(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>{content}</main></body></html>\n"
    )

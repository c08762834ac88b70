"""What every page promises to a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

from guards.pages.document import document


def test_the_policy_allows_the_style_by_its_hash() -> None:
    """And nothing else: no script, no picture, no form."""
    text = document("a <title>", ["<p>part</p>"])
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    (policy,) = re.findall('Content-Security-Policy" content="([^"]*)"', text)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert unescape(policy) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "<title>a &lt;title&gt;</title>" in text
    assert "<p>part</p>" in text

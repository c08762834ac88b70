"""The style of the page, and the policy that allows it and nothing else."""

from __future__ import annotations

import base64
import hashlib

__all__ = ["POLICY", "STYLE"]

STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--faint:#5c5c5c;--line:#c9c9c9;
--good:#9cc3e6;--bad:#c2410c;--box:#f6f6f4}
@media (prefers-color-scheme:dark){:root{--ink:#ececec;--paper:#161616;--faint:#b0b0b0;
--line:#4a4a4a;--good:#2f6690;--bad:#ff9a62;--box:#222}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:52rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.15rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:1rem 0 .25rem}
.faint{color:var(--faint)}
.findings{padding-left:1.25rem}
.findings li{margin:0 0 1rem;padding:.5rem .75rem;background:var(--box);
border-left:4px solid var(--bad)}
.findings p{margin:.15rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .75rem;margin:.25rem 0}
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;margin:.5rem 0}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
.g{fill:var(--good);stroke:var(--ink);stroke-width:.5}.b{fill:var(--bad);stroke:none}
.l{fill:none;stroke:var(--ink);stroke-width:1.5}.a{stroke:var(--line);stroke-width:1}
.m{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:4 3}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
caption{text-align:left;color:var(--faint)}
th,td{padding:.2rem .6rem;border-bottom:1px solid var(--line);text-align:right}
th[scope=row],thead th:first-child{text-align:left;font-weight:400}
summary{cursor:pointer;color:var(--faint)}
@media print{main{max-width:none}section,.findings li{break-inside:avoid}
details::details-content{content-visibility:visible;block-size:auto}}
""".strip()

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: use this style."""

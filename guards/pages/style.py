"""The style of the page, and the policy that allows it and nothing else."""

from __future__ import annotations

import base64
import hashlib

__all__ = ["POLICY", "STYLE"]

# On paper, a table of eleven rows or fewer stays on one page; of a longer one that would leave much
# of the page before it empty. What introduces a table or a drawing stays with it.
STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--faint:#595959;--line:#d4d4d4;
--good:#cfe3f3;--bad:#b23a0b;--shade:#ececec;--box:#f6f5f2}
@media (prefers-color-scheme:dark){:root{--ink:#ececec;--paper:#161616;--faint:#b4b4b4;
--line:#454545;--good:#24506f;--bad:#ff9a62;--shade:#2b2b2b;--box:#212121}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}
header,dd,p,h1,h3,[scope=row]{overflow-wrap:anywhere}
td{overflow-wrap:break-word}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.2rem;margin:2rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:.5rem 0 0}
p{margin:.25rem 0}
.faint,dt,caption,summary{color:var(--faint)}
.faint,.key,.ends{font-size:.875rem}
.findings{padding-left:1.5rem}
.findings li{margin:0 0 .5rem;padding:.4rem .75rem;background:var(--box);
border-left:4px solid var(--bad)}
.findings summary{color:var(--ink);font-size:1rem}
.findings summary span{display:inline-block;margin-left:.75rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .75rem;margin:.25rem 0}
dd{margin:0}
svg{vertical-align:middle}
svg.d{display:block;width:100%;height:auto;margin:.25rem 0}
.ends{display:flex;justify-content:space-between}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
.g{fill:var(--good);stroke:var(--ink);stroke-width:.5}
.b{fill:var(--bad);stroke:none}
.l{fill:none;stroke:var(--bad);stroke-width:2}
.t{fill:none;stroke:var(--ink);stroke-width:1.5;stroke-linecap:round}
.a,.f{stroke:var(--faint)}
.m{stroke:var(--bad)}.c{stroke:var(--ink)}.s{fill:var(--shade)}
.d path{vector-effect:non-scaling-stroke}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1.5rem}
.beside{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:start}
article,.grid>div{min-width:0;break-inside:avoid}
.wide{overflow-x:auto;margin:.25rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.875rem}
caption{text-align:left}
th,td{padding:.15rem .5rem;border-bottom:1px solid var(--line);text-align:right}
th:first-child,.bars,:has(.bars)>thead th:last-child,.texts :is(th,td){text-align:left}
th[scope=row]{min-width:6rem}.texts [scope=row]{min-width:9rem}tr:has(.bars) td{white-space:nowrap}
@media (max-width:30rem){h1{font-size:1.25rem}.bars svg{width:64px}
th,td{padding:.15rem .25rem}th[scope=row]{min-width:4.5rem}
table:not(:has(.bars)) [scope=row]{min-width:5.5rem}tr:has(.bars) td{white-space:normal}}
th{font-weight:400}thead th{color:var(--faint)}
em{font-style:normal;font-weight:600;color:var(--bad)}
summary{cursor:pointer;font-size:.875rem}
@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--faint:#444;--line:#bbb;
--good:#ddd;--bad:#222;--shade:#eee;--box:#fff}
body{font-size:11pt}main{max-width:none;padding:0}table{font-size:9pt}.bars svg{width:64px}
.findings li,p,.d,tr,.grid>*,section>.wide:not(:has(tr:nth-child(12))){break-inside:avoid}
h2,h3,.key,.key+.faint,p:has(+.wide){break-after:avoid}
summary{list-style:none}details:has(>.wide)>summary{display:none}details>.wide{columns:16rem}
.findings .b{fill:#bbb}
.grid{grid-template-columns:1fr 1fr}.d .g{stroke:#888}.l{stroke-width:2.5}
svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}
details::details-content{content-visibility:visible;block-size:auto}}
""".strip()

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page: use this style."""

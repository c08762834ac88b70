"""The page about findings, rendered from the catalogue.

``python -m guards.findings_page > docs/findings.md`` writes it again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from guards.findings import CATALOGUE, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["render"]

_OPENING = """\
# Findings

When the guard refuses a bundle, it reports why in findings: on standard error, in the event
`guard.refused`, and in `understudy verify --json` (whose shape is
[verify.schema.json](verify.schema.json)). Each has a **code**, a **subject** (the part, column or
library), what was **expected**, what was **observed**, and a **remedy**. Codes are stable: a script
may rely on them. Remedies are not: the tables have the usual one of each code, and a finding may
have one that fits its cause better. Names and messages that come from files are printed with an
escape for every character that a terminal would act upon.

A refused start exits with code 78 before the port opens, and so do `understudy verify`, `diff` and
`seal`. Findings are reported stage by stage: when the bytes are wrong, nothing is unpickled to look
further, except to name the fitted values that changed.
"""

_BEFORE: Mapping[Section, str] = {
    Section.ENGINE: """\
`engine_probe_failed` and `engine_unavailable` refuse the start if `ENGINE` names the engine; with
`ENGINE=auto` they are reported in `service.started` and on standard error, and the network itself
answers. The others are refused wherever the bundle is opened.
""",
    Section.LIBRARIES: """\
Bundles are judged in a process of its own under limits of memory and time, and what ends that
process is a finding too: [isolation.md](isolation.md).
""",
    Section.ROLES: """\
A start judges every challenger beside the champion, and again when the challenger's process
announces itself. `understudy verify` judges each bundle by itself, and does not report it.
""",
    Section.SEALING: """\
`understudy seal` tries on model and columns what can arrive in service, and refuses what would
answer otherwise than in training. `understudy train --base` checks the encoder in the same way.
""",
}
"""What is said above a table."""

_AFTER: Mapping[Section, str] = {
    Section.SERVING: """\
`preprocessing_changed` may come while the service runs, too: from time to time the live
preprocessing is compared with what was sealed. Then `/readyz` fails, and requests get 503.
""",
}
"""What is said below a table."""


def render() -> str:
    """Return the whole page as Markdown, with a table for each section of the catalogue."""
    return "\n".join([_OPENING, *(block for section in Section for block in _blocks(section))])


def _blocks(section: Section) -> Iterator[str]:
    yield f"## {section}\n"
    if section in _BEFORE:
        yield _BEFORE[section]
    rows = [
        f"| `{code}` | {entry.meaning} | {entry.remedy} |\n"
        for code, entry in CATALOGUE.items()
        if entry.section is section
    ]
    yield "".join(["| code | meaning | remedy |\n| --- | --- | --- |\n", *rows])
    if section in _AFTER:
        yield _AFTER[section]


if __name__ == "__main__":
    sys.stdout.write(render())

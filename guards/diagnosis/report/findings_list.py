"""The ranked findings, each with what undoing it restores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.diagnosis.phrases import restores_in_words
from guards.pages.drawing import BAD, length, ornament, rectangle
from guards.pages.elements import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.diagnosis.findings import DiagnosisFinding
    from guards.diagnosis.restoring import Restored

__all__ = ["findings_list"]

_WIDTH = 120
_HEIGHT = 12
_FRAME = 'class="f" fill="none" stroke="#5c5c5c"'
_INTERVAL = 'class="t" fill="none" stroke="#1b1b1b" stroke-width="1.5"'


def findings_list(findings: Sequence[DiagnosisFinding]) -> str:
    """Return them in their order; the first one is open, the others open on demand."""
    items = (
        f"<li><details{'' if number else ' open'}>{_finding(each)}</details></li>"
        for number, each in enumerate(findings)
    )
    return f'<ol class="findings">{"".join(items)}</ol>'


def _finding(finding: DiagnosisFinding) -> str:
    since = finding.since and finding.since.replace(".000000Z", "Z")
    facts = {
        "good": finding.expected,
        "bad": finding.observed,
        "since": since,
        "next": finding.remedy,
    }
    told = "".join(
        f"<dt>{name}</dt><dd>{escaped(value)}</dd>" for name, value in facts.items() if value
    )
    bar = "" if finding.restores is None else _bar(finding.restores)
    return (
        f"<summary><strong>{escaped(finding.code)}: {escaped(finding.subject)}</strong> "
        f"<span>{bar} {escaped(restores_in_words(finding))}</span></summary><dl>{told}</dl>"
    )


def _bar(restored: Restored) -> str:
    """Return the share that is restored in a frame of all, with a line for its interval."""
    share, low, high = (
        1 + min(max(each, 0.0), 1.0) * (_WIDTH - 2)
        for each in (restored.share, restored.low, restored.high)
    )
    middle = _HEIGHT // 2
    shapes = [
        rectangle(1, 1, share - 1, _HEIGHT - 2, BAD),
        f'<path d="M{length(low)} {middle}H{length(high)}" {_INTERVAL}/>',
        rectangle(1, 1, _WIDTH - 2, _HEIGHT - 2, _FRAME),
    ]
    return ornament(_WIDTH, _HEIGHT, shapes)

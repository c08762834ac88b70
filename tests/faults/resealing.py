"""Damage a bundle the way a careful hand would: parts, sizes, digests and root all fit again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from guards.errors import Finding, GuardRefused
from guards.integrity.requirements import Requirements
from load_tests.fuzz.resealing import agree, dumped, edit_json, edit_manifest, reseal

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "agree",
    "dumped",
    "edit_json",
    "edit_manifest",
    "findings_of",
    "reseal",
    "the_finding",
]


def findings_of(bundle: Path, requirements: Requirements | None = None) -> list[Finding]:
    """Open a bundle that must be refused, and give the findings."""
    with pytest.raises(GuardRefused) as refusal:
        open_bundle(bundle, requirements or Requirements())
    assert all(finding.remedy for finding in refusal.value.findings)
    return list(refusal.value.findings)


def the_finding(findings: list[Finding], code: str, subject: str) -> Finding:
    """Return the only finding with this code and subject."""
    found = [one for one in findings if (one.code, one.subject) == (code, subject)]
    assert len(found) == 1, findings
    return found[0]

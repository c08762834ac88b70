"""Globals beyond the allowlist, recorded in the bundle and confirmed by who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from guards.bundle.layout import COLUMNS, MANIFEST
from guards.integrity.requirements import Requirements
from tests.faults.resealing import dumped, edit_manifest, findings_of, reseal, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Copy = Callable[[Path], Path]

LOG = "numpy.log1p"


@pytest.fixture
def bundle(champion: Path, copied: Copy) -> Path:
    """Return a bundle whose columns take the logarithm, which the allowlist does not have."""
    path = copied(champion)
    reseal(path, {COLUMNS: dumped(FunctionTransformer(np.log1p))})
    return path


def record(bundle: Path, *names: str) -> None:
    """Make the manifest name globals."""
    edit_manifest(bundle, lambda manifest: manifest.update(trusted=list(names)))


def test_recorded_global_that_is_not_confirmed(bundle: Path) -> None:
    """The finding names what to confirm and how, and that loading would run its code."""
    record(bundle, LOG)

    finding = the_finding(findings_of(bundle), "unpickling_refused", COLUMNS)

    assert finding.expected.startswith(LOG)
    assert "runs it" in finding.remedy
    assert f"`--trust {LOG}`" in finding.remedy
    assert "UNDERSTUDY_TRUST" in finding.remedy


@pytest.mark.parametrize("trusted", [("numpy",), ("numpy.log",), (LOG.upper(),), ("log1p",)])
def test_global_confirmed_by_another_name(bundle: Path, trusted: tuple[str, ...]) -> None:
    """Trust is in exact names: no package, no beginning of a name stands for it."""
    record(bundle, LOG, *trusted)

    finding = the_finding(
        findings_of(bundle, Requirements(trusted=trusted)), "unpickling_refused", COLUMNS
    )

    assert finding.expected.startswith(LOG)


@pytest.mark.parametrize("recorded", [(), ("numpy.expm1",)])
def test_confirmed_global_that_is_not_recorded(bundle: Path, recorded: tuple[str, ...]) -> None:
    """What a bundle was not sealed with is refused, whoever trusts it in other bundles."""
    record(bundle, *recorded)

    finding = the_finding(
        findings_of(bundle, Requirements(trusted=(LOG,))), "unpickling_refused", COLUMNS
    )

    assert finding.observed == f"the file wants to load {LOG}"
    assert "--trust" not in finding.remedy


def test_all_names_are_decided_at_once(bundle: Path) -> None:
    """One finding says all that is to be confirmed, and another what is to be turned down."""
    steps = [FunctionTransformer(np.log1p), FunctionTransformer(np.sqrt), np.expm1, np.cbrt]
    reseal(bundle, {COLUMNS: dumped(steps)})
    record(bundle, LOG, "numpy.expm1", "numpy.cbrt")

    findings = findings_of(bundle, Requirements(trusted=("numpy.cbrt",)))

    assert {(finding.code, finding.subject) for finding in findings} == {
        ("unpickling_refused", COLUMNS)
    }
    confirmable, other = findings
    assert confirmable.expected.startswith(f"{LOG}, numpy.expm1, which")
    assert f"`--trust {LOG} --trust numpy.expm1`" in confirmable.remedy
    assert f"UNDERSTUDY_TRUST={LOG},numpy.expm1" in confirmable.remedy
    assert other.observed == "the file wants to load numpy.sqrt"
    assert "--trust" not in other.remedy


def test_recorded_and_confirmed_global_loads(bundle: Path) -> None:
    """What both name loads, and is then judged like any other preprocessing."""
    record(bundle, LOG)

    findings = findings_of(bundle, Requirements(trusted=(LOG,)))

    the_finding(findings, "preprocessing_changed", "preprocessing")


def test_recorded_global_that_is_not_installed(bundle: Path) -> None:
    """A trusted class whose package is not here is named with what to install."""
    reseal(bundle, {COLUMNS: b"\x80\x03cnowhere.scaling\nScaler\n."})
    record(bundle, "nowhere.scaling.Scaler")

    findings = findings_of(bundle, Requirements(trusted=("nowhere.scaling.Scaler",)))

    finding = the_finding(findings, "part_unreadable", COLUMNS)
    assert finding.expected.startswith("nowhere.scaling.Scaler")
    assert finding.remedy.startswith("install what nowhere was")


def test_manifest_without_a_list_of_trusted_globals(champion: Path, copied: Copy) -> None:
    """A manifest that records no such names at all is as good as one that records none."""
    path = copied(champion)
    edit_manifest(path, lambda manifest: manifest.pop("trusted", None))
    assert b'"trusted"' not in (path / MANIFEST).read_bytes()
    reseal(path, {COLUMNS: dumped(FunctionTransformer(np.log1p))})

    finding = the_finding(
        findings_of(path, Requirements(trusted=(LOG,))), "unpickling_refused", COLUMNS
    )

    assert finding.observed == f"the file wants to load {LOG}"

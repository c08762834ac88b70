"""Bundles that older versions of scikit-learn really sealed.

``seal_under_older_versions.py`` made them. Two kinds of columns give another answer under the
version that is installed here, or none; the same file, and nothing that a digest could see.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sklearn

from artifacts.bundle.opening import open_bundle
from guards.bundle.layout import COLUMNS
from guards.bundle.sealed_files import read_sealed
from guards.integrity.requirements import Requirements
from guards.integrity.unpickling.unpickler import loads
from service.settings import Settings
from tests.faults.resealing import agree, dumped, findings_of, reseal, the_finding
from tests.service.http.endpoint import running
from tests.serving.server import read_log

if TYPE_CHECKING:
    from collections.abc import Callable

    Copy = Callable[[Path], Path]

SEALED = Path(__file__).parent / "sealed"
VERSIONS = ("1.6.1", "1.7.2")

# OneHotEncoder(handle_unknown="warn") says aloud what it does.
pytestmark = pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")


def sealed_under(version: str, kind: str) -> Path:
    """Return the bundle with this kind of columns that was sealed under this version."""
    return SEALED / f"sklearn-{version}" / kind


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["scaled", "many", "words"])
def test_same_answers_pass_silently(version: str, kind: str) -> None:
    """Another version that gives the same answers is no reason to refuse, or to say anything."""
    path = sealed_under(version, kind)

    bundle = open_bundle(path)

    assert bundle.manifest.environment["scikit-learn"] == version != sklearn.__version__
    assert bundle.tolerated == ()
    probes = read_sealed(path).probes
    observed = bundle.probe(probes.documents)
    np.testing.assert_allclose(observed.columns, probes.expected.columns, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("version", VERSIONS)
def test_bundle_of_an_older_version_is_served(version: str, tmp_path: Path) -> None:
    """The start says which version it was, and that nothing had to be tolerated."""
    log = tmp_path / "log.jsonl"
    settings = Settings(champion=str(sealed_under(version, "scaled")), log_file=log)
    with running(settings) as endpoint:
        few = {"pages": 2, "court": "NDCA"}
        assert endpoint.classify({"text": "an invoice", "features": few}).status_code == 422
        endpoint.answer("an invoice", **few, amount=10.5, sender="nobody")
    started, *_ = read_log(log)
    assert started["environment_differences"]["scikit-learn"] == [version, sklearn.__version__]
    assert started["tolerated"] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_unknown_categories_are_encoded_otherwise(version: str) -> None:
    """OneHotEncoder("warn") put unknown categories nowhere, and now among the infrequent ones."""
    findings = findings_of(sealed_under(version, "warning"))

    columns = the_finding(findings, "probe_failed", "probes: columns")
    assert columns.expected.startswith("0.0 at probe")
    assert columns.observed == "1.0"
    library = the_finding(findings, "environment_differs", "scikit-learn")
    assert (library.expected, library.observed) == (version, sklearn.__version__)
    assert f"install scikit-learn {version}" in library.remedy


@pytest.mark.parametrize("version", VERSIONS)
def test_dumped_again_under_the_installed_version(version: str, copied: Copy) -> None:
    """Dumping the file again hides the version that fitted it, and changes no answer."""
    bundle = copied(sealed_under(version, "warning"))
    columns = loads((bundle / COLUMNS).read_bytes(), COLUMNS)
    reseal(bundle, {COLUMNS: dumped(columns)})
    agree(bundle)
    assert version.encode() not in (bundle / COLUMNS).read_bytes()

    the_finding(findings_of(bundle), "probe_failed", "probes: columns")


@pytest.mark.parametrize("version", VERSIONS)
def test_transform_raises(version: str) -> None:
    """SimpleImputer loads from an older version, and then cannot transform."""
    findings = findings_of(sealed_under(version, "imputed"))

    assert "_fill_dtype" in the_finding(findings, "probe_failed", "probes").observed
    the_finding(findings, "environment_differs", "scikit-learn")


def test_exact_refuses_by_version_alone() -> None:
    """Under ``exact`` the version is reason enough, whatever the probes say."""
    findings = findings_of(sealed_under("1.7.2", "scaled"), Requirements("exact"))

    the_finding(findings, "environment_differs", "scikit-learn")
    assert {finding.code for finding in findings} == {"environment_differs"}


def test_allow_records_what_it_tolerates() -> None:
    """Under ``allow`` probes may answer otherwise where versions differ, and it is on record."""
    bundle = open_bundle(sealed_under("1.6.1", "warning"), Requirements("allow"))

    the_finding(list(bundle.tolerated), "probe_failed", "probes: columns")
    the_finding(list(bundle.tolerated), "environment_differs", "scikit-learn")


def test_allow_needs_answers() -> None:
    """What cannot answer at all is refused under ``allow`` too."""
    findings = findings_of(sealed_under("1.6.1", "imputed"), Requirements("allow"))

    the_finding(findings, "probe_failed", "probes")


def test_allow_needs_another_version(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no version differs, probes that fail mean something else, and are refused."""
    scaler = "sklearn.preprocessing._data.StandardScaler.transform"
    monkeypatch.setattr(scaler, lambda _scaler, rows: np.asarray(rows, dtype=float))

    findings = findings_of(copied(champion), Requirements("allow"))

    the_finding(findings, "probe_failed", "probes: columns")

"""A bundle is sealed again with what good windows have taught."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.sealing.teach import seal_taught
from guards.bundle.layout import MANIFEST, REFERENCE, SIGNATURE
from guards.drift.good_counts import GoodCounts
from guards.errors import CallError
from tests.artifacts.sealing.test_add_engine import contents
from tests.good_weeks import Weeks

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from guards.drift.reference import Reference


@pytest.fixture(scope="module")
def bundle(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Return a bundle that somebody has signed."""
    signed = tmp_path_factory.mktemp("signed") / "docs" / "1"
    shutil.copytree(champion, signed)
    (signed / SIGNATURE).write_text("{}")
    return open_bundle(signed)


@pytest.fixture(scope="module")
def taught(bundle: Bundle) -> Reference:
    """Return its reference after two quiet weeks."""
    counts, documents = GoodCounts(bundle.reference), 0
    windows = list(Weeks(bundle.reference, minutes=480, documents={"emea": 50}).windows(14))
    for window in windows:
        counts.add(window.week_minute, window.counts)
        documents += window.documents
    return counts.learn(windows[0].start, windows[-1].end, documents).reference


def test_nothing_else_of_the_bundle_is_another(
    bundle: Bundle, taught: Reference, tmp_path: Path
) -> None:
    """Weights, preprocessing and probes are the same to the byte, and the guard passes it."""
    destination = tmp_path / "docs" / "taught"

    fingerprint = seal_taught(bundle, taught, destination)

    before, after = contents(bundle.path), contents(destination)
    assert before.keys() - after.keys() == {SIGNATURE}
    assert {name for name in after if before[name] != after[name]} == {MANIFEST, REFERENCE}
    opened = open_bundle(destination)
    assert (opened.identity.name, opened.identity.version) == ("docs", "taught")
    assert opened.identity.fingerprint == fingerprint != bundle.identity.fingerprint
    assert opened.manifest.lineage["parent"] == bundle.identity.fingerprint
    assert opened.reference == taught
    assert opened.reference.fingerprint != bundle.reference.fingerprint
    assert opened.reference.calibration == bundle.reference.calibration


def test_hours_take_little_space(bundle: Bundle, taught: Reference, tmp_path: Path) -> None:
    """Each count takes its digits and a comma."""
    seal_taught(bundle, taught, tmp_path / "docs" / "taught")

    data = (tmp_path / "docs" / "taught" / REFERENCE).read_bytes()
    counts = 168 * sum(len(each.cell_counts) for each in taught.features.values())
    assert taught.taught is not None
    counts += 168 * sum(each.cells for each in taught.taught.segments["emea"].values())
    rest = len(json.dumps(bundle.reference.to_json()))
    assert len(data) < 3 * counts + rest + 20_000


def test_a_bundle_is_never_replaced(bundle: Bundle, taught: Reference) -> None:
    """The destination must not be there."""
    with pytest.raises(CallError, match="exists already"):
        seal_taught(bundle, taught, bundle.path)

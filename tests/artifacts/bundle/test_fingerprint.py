"""One fingerprint for preprocessing, manifest and network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.opening import open_bundle

if TYPE_CHECKING:
    from pathlib import Path


def test_network_carries_the_fingerprint_it_was_trained_with(champion: Path) -> None:
    """Preprocessing, manifest and network agree on one fingerprint."""
    bundle = open_bundle(champion)

    trained_with = bundle.network.config.preprocessing_fingerprint

    assert trained_with == fingerprint_of(bundle.preprocessing)
    assert trained_with == bundle.manifest.preprocessing.fingerprint

"""Manifests that are malformed, forged, or not the one that was sealed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from guards.bundle.layout import MANIFEST
from tests.faults.resealing import edit_manifest, findings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.errors import Finding
    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]


def only(findings: list[Finding]) -> Finding:
    """Return the finding that is the only one."""
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/hostname", "model/../../outside", "./model/x", "manifest.json", ""]
)
def test_path_that_leaves_the_bundle(champion: Path, copied: Copy, path: str) -> None:
    """A manifest that lists a path outside the bundle is refused before anything is read."""
    bundle = copied(champion)

    def escape(manifest: JsonObject) -> None:
        manifest["parts"][path] = manifest["parts"]["probes.json"]

    edit_manifest(bundle, escape)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("manifest_invalid", MANIFEST)
    assert "is not a plain path inside the bundle" in finding.observed


def test_duplicate_entry(champion: Path, copied: Copy) -> None:
    """A part that is listed twice is refused: readers disagree about which one counts."""
    bundle = copied(champion)
    text = (bundle / MANIFEST).read_text()
    (bundle / MANIFEST).write_text(
        text.replace('"parts": {', '"parts": {"probes.json": {"size": 0, "sha256": ""},', 1)
    )

    finding = only(findings_of(bundle))

    assert finding.code == "manifest_invalid"
    assert "twice" in finding.observed


def test_unknown_format_version(champion: Path, copied: Copy) -> None:
    """A bundle of a later format says which one this code reads."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: manifest.update(format=2))

    finding = only(findings_of(bundle))

    assert finding.code == "manifest_invalid"
    assert finding.expected == "a manifest of format 1"
    assert finding.observed.startswith("format: ")


@pytest.mark.parametrize(
    "data",
    [b"", b"not json", b"[]", b"null", b'{"format": 1}', b"\xff\xfe", b'{"a":' * 200_000],
    ids=["empty", "text", "a list", "null", "incomplete", "not UTF-8", "very deep"],
)
def test_manifest_that_is_malformed(champion: Path, copied: Copy, data: bytes) -> None:
    """Whatever stands in for the manifest is refused, without a traceback."""
    bundle = copied(champion)
    (bundle / MANIFEST).write_bytes(data)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("manifest_invalid", MANIFEST)


def test_half_a_surrogate_pair(champion: Path, copied: Copy) -> None:
    """Text that no encoding can hold is refused like any other change."""
    bundle = copied(champion)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    manifest["lineage"]["base"] = "\ud800"
    (bundle / MANIFEST).write_text(json.dumps(manifest))

    assert only(findings_of(bundle)).code == "root_changed"


def test_changed_manifest(champion: Path, copied: Copy) -> None:
    """A manifest that was edited no longer gives its own fingerprint."""
    bundle = copied(champion)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    manifest["temperature"] *= 2
    (bundle / MANIFEST).write_text(json.dumps(manifest))

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("root_changed", MANIFEST)
    assert finding.expected == manifest["fingerprint"]
    assert finding.observed.startswith("its content gives sha256:")


def test_manifest_far_too_large(champion: Path, copied: Copy) -> None:
    """A manifest of gigabytes (of nothing, here) is refused by its size alone."""
    bundle = copied(champion)
    with (bundle / MANIFEST).open("r+b") as file:
        file.truncate(1 << 40)

    finding = only(findings_of(bundle))

    assert (finding.code, finding.subject) == ("manifest_invalid", MANIFEST)
    assert finding.observed.startswith("more than")


@pytest.mark.parametrize("frame", [{}, {"columns": None}, {"columns": [{"name": 3}]}, {"shape": 1}])
def test_malformed_input_form_of_the_columns(
    champion: Path, copied: Copy, frame: JsonObject
) -> None:
    """A forged description of the columns' input is refused, without a traceback."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: manifest["preprocessing"].update(frame=frame))

    assert only(findings_of(bundle)).code == "manifest_invalid"
